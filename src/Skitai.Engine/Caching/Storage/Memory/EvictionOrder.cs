namespace Skitai.Engine.Caching.Storage.Memory;

/// <summary>
/// Which object goes next, as S3-FIFO chooses: a newcomer waits in a short queue and must be asked for there (or have been dropped
/// from there lately) to get into the long one, where it gets a second chance for each look-up up to three; so a crawler's walk
/// does not push out what is in use. Objects whose body is in a file have a queue of their own. Under the tier's lock.
/// </summary>
internal sealed class EvictionOrder
{
    private const int NewcomersShare = 10; // of 100

    private readonly EvictionQueue _newcomers = new();
    private readonly EvictionQueue _proven = new();
    private readonly EvictionQueue _openFiles = new();
    private readonly GhostQueue _ghosts = new();

    /// <summary>How many objects with their body in memory.</summary>
    public int InMemory => _newcomers.Count + _proven.Count;

    /// <summary>How many with an open file.</summary>
    public int OpenFiles => _openFiles.Count;

    /// <summary>What the memory of those dropped lately takes.</summary>
    public long GhostBytes => _ghosts.Bytes;

    /// <summary>Adds one.</summary>
    /// <returns>Whether it is one with an open file.</returns>
    public bool Add(StoredObject stored)
    {
        var queue = !stored.InMemory ? _openFiles : _ghosts.Contains(HashOf(stored.Head)) ? _proven : _newcomers;
        queue.Add(stored);
        return queue == _openFiles;
    }

    /// <summary>Looks at the next object of the queue whose turn it is.</summary>
    /// <param name="limit">The tier's bytes.</param>
    /// <param name="victim">It goes, and is still in its queue; null = it gets another round.</param>
    /// <returns>False when there is none.</returns>
    public bool Pass(long limit, out StoredObject? victim)
    {
        victim = null;
        if (_newcomers.First is { } newcomer && (_proven.First is null || _newcomers.Bytes * 100 >= limit * NewcomersShare))
        {
            if (newcomer.Place.Hits > 1 || newcomer.References > 1)
            {
                _newcomers.Remove(newcomer);
                newcomer.Place.Hits = 0;
                _proven.Add(newcomer);
            }
            else
            {
                _ghosts.Add(HashOf(newcomer.Head), MostGhosts(limit));
                victim = newcomer;
            }

            return true;
        }

        if (_proven.First is { } proven)
        {
            if (proven.Place.Hits > 0 || proven.References > 1)
            {
                _proven.Remove(proven);
                proven.Place.Hits = Math.Max(proven.Place.Hits - 1, 0);
                _proven.Add(proven);
            }
            else
            {
                victim = proven;
            }

            return true;
        }

        return PassOpenFile(out victim);
    }

    /// <summary>As <see cref="Pass"/>, of those with an open file.</summary>
    public bool PassOpenFile(out StoredObject? victim)
    {
        victim = null;
        if (_openFiles.First is not { } open)
        {
            return false;
        }

        if (open.Place.Hits > 0)
        {
            _openFiles.Remove(open);
            open.Place.Hits = 0;
            _openFiles.Add(open);
        }
        else
        {
            victim = open;
        }

        return true;
    }

    /// <summary>The tier has another bound: so has the memory of those dropped lately.</summary>
    public void TrimGhosts(long limit) => _ghosts.Trim(MostGhosts(limit));

    private static int MostGhosts(long limit) => (int)Math.Min(limit / (64 * GhostQueue.Cost), 100_000);

    private static int HashOf(StoredHead head) => HashCode.Combine(head.Key, head.Variant);
}
