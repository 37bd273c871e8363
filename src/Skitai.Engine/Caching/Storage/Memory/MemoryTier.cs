using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Skitai.Engine.Caching.Storage.Memory;

/// <summary>
/// The objects at hand, by key, within a bound of memory. A look-up takes no lock. What goes is <see cref="EvictionOrder"/>'s choice.
/// Objects whose body is in a file are here, too, while their file is open: their heads count, and there are few of them.
/// </summary>
/// <param name="limit">Bytes.</param>
internal sealed partial class MemoryTier(long limit)
{
    /// <summary>Open files of objects on disk.</summary>
    public const int MostOpenFiles = 64;

    /// <summary>What an object weighs beside its head and its body: itself, its place, its key's entry, its share of tables.</summary>
    public const int ObjectCost = 420;

    private readonly ConcurrentDictionary<string, StoredVariants> _keys = new(StringComparer.Ordinal);
    private readonly Lock _changing = new();
    private readonly EvictionOrder _order = new();
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
                return _order.InMemory;
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
    /// <returns>False when its key was removed since it began, one is here that was begun later and makes it obsolete, or there is no room.</returns>
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

                if (IsOutdated(variants, head.VaryNames.Length > 0, stored.Sequence))
                {
                    return false;
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

    /// <summary>Another bound; drops what is beyond it.</summary>
    public void Resize(long limit)
    {
        lock (_changing)
        {
            Volatile.Write(ref _limit, limit);
            _order.TrimGhosts(limit);
            MakeRoom(0);
        }
    }

    /// <summary>The last share in a dropped object was given back.</summary>
    public void Forget(StoredObject stored) => Interlocked.Add(ref _used, -stored.Place.Charge);

    /// <summary>The most that one object of a tier may weigh.</summary>
    internal static long LargestOf(long limit) => Math.Min(limit, Math.Max(limit / 8, 64 * 1024));

    private void Enqueue(StoredObject stored)
    {
        if (_order.Add(stored))
        {
            for (var looked = 0; _order.OpenFiles > MostOpenFiles && looked < 4 * MostOpenFiles; looked++)
            {
                _order.PassOpenFile(out var victim);
                DropVictim(victim);
            }
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
        var patience = 16 + (5L * (_order.InMemory + _order.OpenFiles));
        while (Used + bytes + _order.GhostBytes > _limit)
        {
            if (patience-- <= 0 || !_order.Pass(_limit, out var victim))
            {
                return false;
            }

            DropVictim(victim);
        }

        return true;
    }
}
