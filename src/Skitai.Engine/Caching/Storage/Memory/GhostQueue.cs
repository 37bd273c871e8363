namespace Skitai.Engine.Caching.Storage.Memory;

/// <summary>Remembers by hash which objects were dropped lately without having been asked for again. Under the tier's lock.</summary>
internal sealed class GhostQueue
{
    /// <summary>What one weighs in the queue and the set.</summary>
    public const int Cost = 32;

    private readonly Queue<int> _order = new();
    private readonly HashSet<int> _known = [];

    /// <summary>Bytes taken.</summary>
    public long Bytes => (long)_order.Count * Cost;

    /// <summary>Remembers one and forgets the oldest beyond the bound.</summary>
    public void Add(int hash, int most)
    {
        if (_known.Add(hash))
        {
            _order.Enqueue(hash);
        }

        Trim(most);
    }

    /// <summary>Forgets the oldest beyond a bound.</summary>
    public void Trim(int most)
    {
        while (_order.Count > most)
        {
            _known.Remove(_order.Dequeue());
        }
    }

    /// <summary>Whether it was dropped lately.</summary>
    public bool Contains(int hash) => _known.Contains(hash);
}
