namespace Skitai.Engine;

/// <summary>How an instance's cache does at one moment. Serialisable as JSON.</summary>
public sealed record CacheStatus
{
    /// <summary>Requests answered from the cache without asking the origin, stale answers included.</summary>
    public long Hits { get; init; }

    /// <summary>Requests answered with an answer that was stale: of <see cref="Hits"/>, while its origin is being asked; of the others, because that fails.</summary>
    public long Stale { get; init; }

    /// <summary>Body bytes sent from the cache.</summary>
    public long HitBytes { get; init; }

    /// <summary>Requests that the cache could have answered, and that went to the origin.</summary>
    public long Misses { get; init; }

    /// <summary>Requests that are not for a cache: other methods, uploads, WebSockets, answers that may not be kept.</summary>
    public long Passed { get; init; }

    /// <summary>Kept answers that the origin has confirmed (304).</summary>
    public long Confirmed { get; init; }

    /// <summary>Requests that waited for another one's answer and had it.</summary>
    public long Collapsed { get; init; }

    /// <summary>Answers put into the cache.</summary>
    public long Stored { get; init; }

    /// <summary>Requests to origins under way on the cache's behalf.</summary>
    public int Fetching { get; init; }

    /// <summary>Objects whose body is in memory.</summary>
    public long MemoryObjects { get; init; }

    /// <summary>Bytes of memory taken.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>The bound of <see cref="MemoryBytes"/>, cache_memory.</summary>
    public long MemoryLimit { get; init; }

    /// <summary>Objects on disk.</summary>
    public long DiskObjects { get; init; }

    /// <summary>Bytes of disk taken.</summary>
    public long DiskBytes { get; init; }

    /// <summary>The bound of <see cref="DiskBytes"/>, cache_disk.</summary>
    public long DiskLimit { get; init; }

    /// <summary>Objects dropped to make room, from memory and from disk.</summary>
    public long Evictions { get; init; }

    /// <summary>Objects that were found damaged on disk and deleted.</summary>
    public long Damaged { get; init; }

    /// <summary>What keeps the disk, or all of cache_disk, from being used, as in "disk is full: ..."; null = nothing does.</summary>
    public string? Trouble { get; init; }
}
