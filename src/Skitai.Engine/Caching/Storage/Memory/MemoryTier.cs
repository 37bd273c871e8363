using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Skitai.Engine.Caching.Storage.Memory;

/// <summary>
/// The objects at hand, by key, within a bound of memory. A look-up takes no lock. What goes is chosen as S3-FIFO does it: a
/// newcomer waits in a short queue and must be asked for there (or have been dropped from there lately) to get into the long
/// one, where it gets a second chance for each look-up up to three; so a crawler's walk does not push out what is in use.
/// Objects whose body is in a file are here, too, while their file is open: their heads count, and there are few of them.
/// </summary>
/// <param name="limit">Bytes.</param>
internal sealed class MemoryTier(long limit)
{
    /// <summary>Open files of objects on disk.</summary>
    public const int MostOpenFiles = 64;

    /// <summary>What an object weighs beside its head and its body: itself, its place, its key's entry, its share of tables.</summary>
    public const int ObjectCost = 420;

    private const int NewcomersShare = 10; // of 100

    private readonly ConcurrentDictionary<string, StoredVariants> _keys = new(StringComparer.Ordinal);
    private readonly Lock _changing = new();
    private readonly EvictionQueue _newcomers = new();
    private readonly EvictionQueue _proven = new();
    private readonly EvictionQueue _openFiles = new();
    private readonly GhostQueue _ghosts = new();
    private long _limit = limit;
    private long _used;
    private long _fills;
    private long _evictions;

    /// <summary>Bytes it may take.</summary>
    public long Limit => Volatile.Read(ref _limit);

    /// <summary>Bytes it takes.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Of those, what is set aside for objects that are being filled.</summary>
    public long Fills => Volatile.Read(ref _fills);

    /// <summary>Objects dropped to make room.</summary>
    public long Evictions => Volatile.Read(ref _evictions);

    /// <summary>Objects with their body in memory.</summary>
    public int Count
    {
        get
        {
            lock (_changing)
            {
                return _newcomers.Count + _proven.Count;
            }
        }
    }

    /// <summary>The most that one object may weigh: an eighth of the tier, but 64 KB where the tier has them.</summary>
    public long ObjectLimit => LargestOf(Limit);

    /// <summary>The most that all objects being filled may weigh together.</summary>
    public long FillLimit => Math.Max(Limit / 2, ObjectLimit);

    /// <summary>What an object weighs, all in all.</summary>
    public static long CostOf(StoredHead head, long bodyLength) => ObjectCost + head.Cost + MemoryBody.CostOf(bodyLength);

    /// <summary>Finds what is kept for a key; null = nothing is at hand.</summary>
    public StoredVariants? Find(string key) => _keys.GetValueOrDefault(key);

    /// <summary>Finds what a request selects, with a share in it for the caller.</summary>
    public bool TryGet(string key, IVariantSelector request, [NotNullWhen(true)] out StoredObject? stored)
    {
        if (_keys.TryGetValue(key, out var variants) && variants.TrySelect(request, out stored))
        {
            stored.Place.Hit();
            return true;
        }

        stored = null;
        return false;
    }

    /// <summary>Sets memory aside for a fill, dropping objects for it where need be.</summary>
    /// <returns>False when there is none to be had.</returns>
    public bool TryReserve(long bytes)
    {
        lock (_changing)
        {
            if (_fills + bytes > FillLimit || !MakeRoom(bytes))
            {
                return false;
            }

            Interlocked.Add(ref _fills, bytes);
            Interlocked.Add(ref _used, bytes);
            return true;
        }
    }

    /// <summary>Gives back what was set aside.</summary>
    public void Return(long bytes)
    {
        Interlocked.Add(ref _fills, -bytes);
        Interlocked.Add(ref _used, -bytes);
    }

    /// <summary>
    /// Takes an object up, in the place of an older one of the same selection. The tier has its own share in it afterwards;
    /// the caller keeps its own.
    /// </summary>
    /// <param name="stored">Not in here yet.</param>
    /// <param name="reserved">What was set aside for it, which is given back when it is taken.</param>
    /// <param name="admission">The leave for it.</param>
    /// <returns>False when its key was removed since it began, one is here that was begun later, or there is no room.</returns>
    public bool TryAdd(StoredObject stored, long reserved, Admission admission)
    {
        var head = stored.Head;
        lock (_changing)
        {
            // Under the lock: a removal revokes first and then comes here.
            if (admission.IsRevoked)
            {
                return false;
            }

            if (_keys.TryGetValue(head.Key, out var variants))
            {
                if (variants.Find(head.VaryNames, head.Variant) is { } older)
                {
                    if (older.Sequence > stored.Sequence)
                    {
                        return false;
                    }

                    Drop(variants, older);
                }

                DropOutdated(variants, head.VaryNames.Length > 0, stored.Sequence);
            }

            var charge = ObjectCost + head.Cost + (stored.Memory?.Cost ?? stored.Disk!.Cost);
            if (charge > ObjectLimit || !MakeRoom(charge - reserved))
            {
                return false;
            }

            Return(reserved);
            stored.TryAcquire();
            stored.Place.Tier = this;
            stored.Place.Charge = charge;
            Interlocked.Add(ref _used, charge);
            Enqueue(stored);

            // Looked up again: dropping and making room may have taken the key's entry out.
            if (!_keys.TryGetValue(head.Key, out variants))
            {
                variants = new StoredVariants(head.Key);
                _keys[head.Key] = variants;
            }

            if (variants.Add(stored) is { } surplus)
            {
                foreach (var one in surplus)
                {
                    Drop(variants, one);
                }
            }

            return true;
        }
    }

    /// <summary>Gives an object another head, of the same selection.</summary>
    /// <param name="stored">The object.</param>
    /// <param name="head">The newer head.</param>
    /// <param name="sequence">Its sequence.</param>
    /// <param name="previous">The object's sequence until now.</param>
    /// <returns>False when it was dropped meanwhile, or begun after <paramref name="sequence"/>.</returns>
    public bool TrySetHead(StoredObject stored, StoredHead head, long sequence, out long previous)
    {
        lock (_changing)
        {
            previous = stored.Sequence;
            if (stored.Place.Queue is not { } queue || stored.Sequence > sequence)
            {
                return false;
            }

            long more = head.Cost - stored.Head.Cost;
            stored.SetHead(head);
            stored.Sequence = sequence;
            stored.Place.Charge += more;
            queue.Bytes += more;
            Interlocked.Add(ref _used, more);
            MakeRoom(0);
            return true;
        }
    }

    /// <summary>An object's head and the sequence that belongs to it.</summary>
    public (StoredHead Head, long Sequence) HeadOf(StoredObject stored)
    {
        lock (_changing)
        {
            return (stored.Head, stored.Sequence);
        }
    }

    /// <summary>Drops one if it is still here.</summary>
    public bool Remove(StoredObject stored)
    {
        lock (_changing)
        {
            if (stored.Place.Queue is null || !_keys.TryGetValue(stored.Head.Key, out var variants))
            {
                return false;
            }

            Drop(variants, stored);
            return true;
        }
    }

    /// <summary>Drops all that is kept for a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="dropped">Hears of each, under the tier's lock.</param>
    /// <returns>How many.</returns>
    public int RemoveKey(string key, Action<StoredObject>? dropped)
    {
        lock (_changing)
        {
            return _keys.TryGetValue(key, out var variants) ? DropAll(variants, dropped) : 0;
        }
    }

    /// <summary>Drops what is kept of a selection if it was begun earlier.</summary>
    public void RemoveOlder(StoredHead head, long sequence)
    {
        lock (_changing)
        {
            if (_keys.TryGetValue(head.Key, out var variants) && variants.Find(head.VaryNames, head.Variant) is { } older && older.Sequence < sequence)
            {
                Drop(variants, older);
            }
        }
    }

    /// <summary>Drops all whose key begins so. Goes through all keys.</summary>
    /// <param name="prefix">The beginning.</param>
    /// <param name="dropped">Hears of each, under the tier's lock.</param>
    /// <returns>How many.</returns>
    public int RemovePrefix(string prefix, Action<StoredObject>? dropped)
    {
        var count = 0;
        lock (_changing)
        {
            // Whoever is adding something with a leave that has been revoked since is done.
        }

        // Without the lock while looking: a million keys take a while. What is added meanwhile is the fills' matter.
        foreach (var (key, _) in _keys)
        {
            if (!key.StartsWith(prefix, StringComparison.Ordinal))
            {
                continue;
            }

            lock (_changing)
            {
                if (_keys.TryGetValue(key, out var variants))
                {
                    count += DropAll(variants, dropped);
                }
            }
        }

        return count;
    }

    /// <summary>Another bound; drops what is beyond it.</summary>
    public void Resize(long limit)
    {
        lock (_changing)
        {
            Volatile.Write(ref _limit, limit);
            _ghosts.Trim(MostGhosts);
            MakeRoom(0);
        }
    }

    /// <summary>The last share in a dropped object was given back.</summary>
    public void Forget(StoredObject stored) => Interlocked.Add(ref _used, -stored.Place.Charge);

    /// <summary>The most that one object of a tier may weigh.</summary>
    internal static long LargestOf(long limit) => Math.Min(limit, Math.Max(limit / 8, 64 * 1024));

    private int MostGhosts => (int)Math.Min(Limit / (64 * GhostQueue.Cost), 100_000);

    private void Enqueue(StoredObject stored)
    {
        if (!stored.InMemory)
        {
            _openFiles.Add(stored);
            for (var looked = 0; _openFiles.Count > MostOpenFiles && looked < 4 * MostOpenFiles; looked++)
            {
                PassOpenFile();
            }
        }
        else if (_ghosts.Contains(HashOf(stored.Head)))
        {
            _proven.Add(stored);
        }
        else
        {
            _newcomers.Add(stored);
        }
    }

    /// <summary>Whether that many bytes more fit, after dropping what is needed and can be.</summary>
    private bool MakeRoom(long bytes)
    {
        if (bytes > _limit)
        {
            return false;
        }

        // Each object can be passed over once for being in use and once for each of its look-ups.
        var patience = 16 + (5L * (_newcomers.Count + _proven.Count + _openFiles.Count));
        while (Used + bytes + _ghosts.Bytes > _limit)
        {
            if (patience-- <= 0 || !PassOne())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Looks at the next object of the queue whose turn it is: drops it or gives it another round.</summary>
    private bool PassOne()
    {
        if (_newcomers.First is { } newcomer && (_proven.First is null || _newcomers.Bytes * 100 >= _limit * NewcomersShare))
        {
            if (newcomer.Place.Hits > 1 || newcomer.References > 1)
            {
                _newcomers.Remove(newcomer);
                newcomer.Place.Hits = 0;
                _proven.Add(newcomer);
            }
            else
            {
                _ghosts.Add(HashOf(newcomer.Head), MostGhosts);
                Evict(newcomer);
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
                Evict(proven);
            }

            return true;
        }

        return PassOpenFile();
    }

    private bool PassOpenFile()
    {
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
            // Its file stays on disk.
            Drop(_keys[open.Head.Key], open);
        }

        return true;
    }

    private void Evict(StoredObject stored)
    {
        Interlocked.Increment(ref _evictions);
        Drop(_keys[stored.Head.Key], stored);
    }

    private int DropAll(StoredVariants variants, Action<StoredObject>? dropped)
    {
        var all = variants.All.ToList();
        foreach (var stored in all)
        {
            dropped?.Invoke(stored);
            Drop(variants, stored);
        }

        return all.Count;
    }

    private void Drop(StoredVariants variants, StoredObject stored)
    {
        stored.MarkDropped();
        stored.Place.Queue!.Remove(stored);
        variants.Remove(stored);
        if (variants.IsEmpty)
        {
            _keys.TryRemove(variants.Key, out _);
        }

        stored.Release();
    }

    /// <summary>
    /// The most recent of those that fit must be used (RFC 9111 section 4), in memory or not: so answers that vary do not stay
    /// beside a later one that does not, nor the other way round.
    /// </summary>
    private void DropOutdated(StoredVariants variants, bool varies, long sequence)
    {
        foreach (var older in variants.OfOtherKind(varies))
        {
            if (older.Sequence < sequence)
            {
                Drop(variants, older);
            }
        }
    }

    private static int HashOf(StoredHead head) => HashCode.Combine(head.Key, head.Variant);
}
