namespace Skitai.Engine.Caching.Storage.Memory;

/// <summary>An object's place in the memory tier. Changed under the tier's lock, but for <see cref="Hits"/>.</summary>
internal sealed class MemoryPlace
{
    private const int MostHits = 3;

    private int _hits;

    /// <summary>The tier that it counts in; null = it was never in one.</summary>
    public MemoryTier? Tier { get; set; }

    /// <summary>Bytes that it counts for.</summary>
    public long Charge { get; set; }

    /// <summary>The queue it waits in; null = dropped.</summary>
    public EvictionQueue? Queue { get; set; }

    /// <summary>The one that is evicted before it.</summary>
    public StoredObject? Before { get; set; }

    /// <summary>The one that is evicted after it.</summary>
    public StoredObject? After { get; set; }

    /// <summary>How often it was looked up since it was last passed over, up to three.</summary>
    public int Hits
    {
        get => Volatile.Read(ref _hits);
        set => Volatile.Write(ref _hits, value);
    }

    /// <summary>Notes a look-up. Written only while it changes: a hot object's cache line stays shared between the processors.</summary>
    public void Hit()
    {
        var hits = Hits;
        if (hits < MostHits)
        {
            Hits = hits + 1;
        }
    }
}
