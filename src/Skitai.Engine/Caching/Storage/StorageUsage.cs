namespace Skitai.Engine.Caching.Storage;

/// <summary>What a cache holds now, and what it had to give up since it was made.</summary>
internal readonly record struct StorageUsage
{
    /// <summary>Objects whose body is in memory.</summary>
    public long MemoryObjects { get; init; }

    /// <summary>Bytes of memory taken: bodies, heads, keys, what is being filled, and what was dropped but is still being sent.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>The bound of <see cref="MemoryBytes"/>.</summary>
    public long MemoryLimit { get; init; }

    /// <summary>Of <see cref="MemoryBytes"/>, those of objects that are being filled.</summary>
    public long FillBytes { get; init; }

    /// <summary>Objects dropped from memory to make room.</summary>
    public long MemoryEvictions { get; init; }

    /// <summary>Objects on disk; grows while the directory is looked through after a start.</summary>
    public long DiskObjects { get; init; }

    /// <summary>Bytes of disk taken, in whole blocks: objects, what is being filled, and what was deleted but is still being sent.</summary>
    public long DiskBytes { get; init; }

    /// <summary>The bound of <see cref="DiskBytes"/>; 0 = nothing is kept on disk.</summary>
    public long DiskLimit { get; init; }

    /// <summary>Objects deleted from disk to make room.</summary>
    public long DiskEvictions { get; init; }

    /// <summary>Objects that were found torn or rotten on disk and deleted.</summary>
    public long DiskDamaged { get; init; }

    /// <summary>What keeps the disk, or all of <see cref="DiskLimit"/>, from being used; null = it is used, or there is none.</summary>
    public string? DiskTrouble { get; init; }
}
