namespace Skitaid.Control;

/// <summary>What a running instance says about the cache of its clusters. Counts are since its process started.</summary>
/// <param name="MemoryUsed">Bytes.</param>
/// <param name="MemoryLimit">Bytes; 0 = nothing is kept in memory.</param>
/// <param name="MemoryObjects">Answers kept in memory.</param>
/// <param name="DiskUsed">Bytes.</param>
/// <param name="DiskLimit">Bytes; 0 = nothing is kept on disk.</param>
/// <param name="DiskObjects">Answers kept on disk.</param>
/// <param name="Hits">Requests answered from it, stale answers among them.</param>
/// <param name="Misses">Requests that could have been and were not: a member answered.</param>
/// <param name="Stale">How many of <paramref name="Hits"/> were past their time.</param>
/// <param name="Collapsed">Requests that waited for the answer which another one fetched.</param>
/// <param name="Trouble">What keeps the disk from being used; null = nothing does.</param>
internal sealed record CacheFigures(
    long MemoryUsed,
    long MemoryLimit,
    long MemoryObjects,
    long DiskUsed,
    long DiskLimit,
    long DiskObjects,
    long Hits,
    long Misses,
    long Stale,
    long Collapsed,
    string? Trouble)
{
    /// <summary>Which part of the requests was answered from it, 0 to 1; null = none came.</summary>
    public double? HitRatio => Hits + Misses == 0 ? null : Math.Round((double)Hits / (Hits + Misses), 4);
}
