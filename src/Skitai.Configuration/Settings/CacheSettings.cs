namespace Skitai.Configuration.Settings;

/// <summary>What <c>[proxypass]</c> says: the cache that an instance's clusters share.</summary>
public sealed record CacheSettings
{
    /// <summary>Bytes of memory for it; 0 = nothing is kept in memory.</summary>
    public long Memory { get; init; } = 8L * 1024 * 1024;

    /// <summary>Bytes of disk for it; 0 = nothing is kept on disk.</summary>
    public long Disk { get; init; }
}
