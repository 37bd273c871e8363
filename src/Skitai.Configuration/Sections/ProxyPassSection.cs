using Skitai.Configuration.Keys;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Sections;

/// <summary><c>[proxypass]</c>.</summary>
internal static class ProxyPassSection
{
    private const long Mega = 1024 * 1024;
    private const long Giga = 1024 * Mega;

    private static readonly Key<long> CacheMemory = new(
        "cache_memory", Kinds.SizeInMegabytes(0, 64 * Giga, "nothing is kept in memory"), 8 * Mega,
        "Memory for cached answers of clusters; a plain number is megabytes.");

    private static readonly Key<long> CacheDisk = new(
        "cache_disk", Kinds.SizeInMegabytes(0, 16 * 1024 * Giga, "nothing is kept on disk"), 0,
        "Disk space for cached answers of clusters; a plain number is megabytes.");

    public static readonly Section Declaration = new(
        "proxypass", "The cache that the clusters of this conf share.", [CacheMemory, CacheDisk]);

    public static CacheSettings Build(SectionReader reader) => new()
    {
        Memory = reader.Get(CacheMemory),
        Disk = reader.Get(CacheDisk),
    };
}
