namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>A file that somebody has open: its space is free only when it has no name and nobody has it open. Under the tier's lock.</summary>
internal sealed class OpenFile
{
    /// <summary>How many have it open.</summary>
    public int Count { get; set; }

    /// <summary>Blocks that are given back when the last one closes it; 0 = it still has its name.</summary>
    public long Orphaned { get; set; }

    /// <summary>The object at hand that has it open; null = none.</summary>
    public StoredObject? AtHand { get; set; }
}
