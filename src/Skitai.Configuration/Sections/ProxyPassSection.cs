using Skitai.Configuration.Keys;

namespace Skitai.Configuration.Sections;

/// <summary><c>[proxypass]</c>.</summary>
internal static class ProxyPassSection
{
    private const long Mega = 1024 * 1024;
    private const long Giga = 1024 * Mega;

    // 8 is what every conf of the old daemon has: it asks for nothing as long as there are no clusters.
    private static readonly Key<long> CacheMemory = new(
        "cache_memory", Kinds.SizeInMegabytes(0, 64 * Giga), 8 * Mega,
        "Memory for cached answers of clusters; a plain number is megabytes.")
    { Later = Feature.ProxyCache, Asks = value => value is not (0 or 8 * Mega) };

    private static readonly Key<long> CacheDisk = new(
        "cache_disk", Kinds.SizeInMegabytes(0, 16 * 1024 * Giga, "none"), 0,
        "Disk space for cached answers of clusters; a plain number is megabytes.")
    { Later = Feature.ProxyCache };

    public static readonly Section Declaration = new("proxypass", "The cache in front of clusters.", [CacheMemory, CacheDisk]);
}
