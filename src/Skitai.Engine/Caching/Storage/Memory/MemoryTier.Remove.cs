namespace Skitai.Engine.Caching.Storage.Memory;

/// <content>How objects go: removed, purged, outdated, evicted.</content>
internal sealed partial class MemoryTier
{
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

    /// <param name="victim">Whose turn it was to go; null = it got another round.</param>
    private void DropVictim(StoredObject? victim)
    {
        if (victim is null)
        {
            return;
        }

        if (victim.InMemory)
        {
            Interlocked.Increment(ref _evictions);
        }

        Drop(_keys[victim.Head.Key], victim); // what is in a file stays on disk
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
    private static bool IsOutdated(StoredVariants variants, bool varies, long sequence)
    {
        foreach (var later in variants.OfOtherKind(varies))
        {
            if (later.Sequence > sequence)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The other way round: what is there already goes.</summary>
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
}
