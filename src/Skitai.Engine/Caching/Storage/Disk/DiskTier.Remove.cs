using Skitai.Engine.Caching.Storage.Memory;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <content>How objects go: superseded, evicted, purged, and what becomes of their files.</content>
internal sealed partial class DiskTier
{
    /// <summary>What there is of a selection is older than what has been answered since: it is deleted.</summary>
    public void Supersede(ObjectName name, long sequence)
    {
        DropOutdated(name, sequence);
        lock (_changing)
        {
            if (_ready && (!_index.TryGet(name, out _, out var written) || written > sequence))
            {
                return;
            }
        }

        Drop(name);
    }

    /// <summary>An object in memory was removed: so is what there is of its selection on disk.</summary>
    public void Forget(StoredHead head) => Drop(ObjectName.Of(head));

    /// <summary>Removes all that is kept for a key; look-ups miss it from now on.</summary>
    /// <returns>How many, when they are deleted, or after five seconds.</returns>
    public Task<int> RemoveKeyAsync(string key)
    {
        var keyName = ObjectName.OfKey(key);
        List<(ObjectName Name, long Blocks)> found = [];
        List<ObjectName> names = [];
        List<ObjectName> dying;
        ObjectName? onItsWay;
        bool isReady;
        lock (_changing)
        {
            isReady = _ready;
            onItsWay = _beingPublished is { } published && published.IsSameKey(keyName) ? published : null;
            dying = [.. _dying.Where(keyName.IsSameKey)];
            _index.Collect(keyName, names);
            foreach (var name in names)
            {
                _index.TryGet(name, out var blocks, out _);
                TakeOut(name);
                found.Add((name, blocks));
            }

            if (!isReady && _removedUnseen.Count < MostRemovedUnseen)
            {
                _removedUnseen.Add(keyName);
                _removedTooMany |= _removedUnseen.Count == MostRemovedUnseen;
            }
        }

        if (isReady && found.Count == 0 && dying.Count == 0 && onItsWay is null)
        {
            return Task.FromResult(0);
        }

        var done = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        Do(() =>
        {
            foreach (var (name, blocks) in found)
            {
                Delete(name, blocks);
            }

            dying.ForEach(DeleteEvicted);
            lock (_publishing)
            {
                // What was being published sees that its leave was revoked, and is deleted by now.
            }

            var count = found.Count;
            var isGone = isReady || TryDeleteUnseen(keyName, ref count);
            lock (_changing)
            {
                isGone = isGone && !names.Exists(_dying.Contains) && !dying.Exists(_dying.Contains) && !(onItsWay is { } published && _dying.Contains(published));
            }

            if (!isGone)
            {
                PurgeKey(key);
                SavePurges();
            }

            done.SetResult(count);
        });
        return WaitAWhileAsync(done.Task, found.Count, key);
    }

    /// <summary>A file of a key may be there although all of the key was removed: so that nobody finds it, not even after a restart.</summary>
    private void PurgeKey(string key)
    {
        Purges.AddKey(key);
        Left();
    }

    /// <summary>Deletes the file of an object that was evicted and whose blocks were given to somebody else.</summary>
    public void DeleteEvicted(ObjectName name)
    {
        lock (_publishing)
        {
            lock (_changing)
            {
                if (_index.Contains(name))
                {
                    return; // written anew since: the name is that one's
                }
            }

            Unlink(name);
        }
    }

    /// <summary>As in memory: what varies does not stay beside a later one that does not, nor the other way round.</summary>
    private void DropOutdated(ObjectName name, long sequence)
    {
        List<ObjectName> outdated = [];
        lock (_changing)
        {
            _index.Collect(name, outdated);
            outdated.RemoveAll(other => (other.Vary == 0) == (name.Vary == 0) || (_index.TryGet(other, out _, out var written) && written > sequence));
        }

        foreach (var other in outdated)
        {
            Drop(other);
        }
    }

    /// <summary>As in memory: no key has more variants than that, for all of them are gone through in look-ups.</summary>
    private void DropSurplus(ObjectName key)
    {
        while (true)
        {
            ObjectName oldest;
            lock (_changing)
            {
                if (_index.FindOldestVariant(key, out oldest) <= StoredVariants.MostVariants)
                {
                    return;
                }
            }

            Drop(oldest);
        }
    }

    /// <summary>Takes an object out of the index; its file goes off this thread.</summary>
    /// <returns>False when it was not there any more.</returns>
    private bool Drop(ObjectName name)
    {
        long blocks;
        lock (_changing)
        {
            if (!_index.TryGet(name, out blocks, out _) && _ready)
            {
                return false;
            }

            TakeOut(name);
        }

        Do(() => Delete(name, blocks));
        return true;
    }

    /// <summary>Takes an object out of the index; its file is still there. Under the lock.</summary>
    private void TakeOut(ObjectName name)
    {
        _index.Remove(name);
        _freshHeads.Remove(name);
        _dying.Add(name);
    }

    /// <summary>Deletes a file that has left the index, and gives its blocks back.</summary>
    private void Delete(ObjectName name, long blocks)
    {
        StoredObject? atHand;
        lock (_publishing)
        {
            bool renewed;
            lock (_changing)
            {
                renewed = _index.Contains(name);
                atHand = renewed ? null : Orphan(name, blocks);
                if (renewed)
                {
                    _used -= blocks; // written anew since, in its place
                }
            }

            if (!renewed)
            {
                Unlink(name);
            }
        }

        if (atHand is not null)
        {
            _memory.Remove(atHand);
        }
    }

    /// <summary>Deletes a file; one that cannot be deleted is not found all the same. Under the lock that gives names.</summary>
    private void Unlink(ObjectName name)
    {
        var isGone = DiskFiles.TryDelete(PathOf(name), out var trouble);
        lock (_changing)
        {
            if (isGone)
            {
                _dying.Remove(name);
            }
            else
            {
                _dying.Add(name);
            }
        }

        if (!isGone)
        {
            Left();
            _writing.Failed(trouble!);
        }
    }

    /// <summary>Waits for a removal; the rest goes when the disk lets it.</summary>
    private async Task<int> WaitAWhileAsync(Task<int> removing, int soFar, string key)
    {
        try
        {
            return await removing.WaitAsync(s_untilLooked / 2, _time);
        }
        catch (TimeoutException)
        {
            PurgeKey(key);
            _ = _writers.RunAsync(SavePurges);
            return soFar;
        }
    }

    /// <summary>All jobs so far are done, and what was being published is.</summary>
    private Task DoneAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Do(() =>
        {
            lock (_publishing)
            {
                done.SetResult();
            }
        });
        return done.Task;
    }

    /// <summary>Deletes all of a key that is not in the index yet.</summary>
    /// <returns>False when something of it may be left.</returns>
    private bool TryDeleteUnseen(ObjectName key, ref int count)
    {
        var isGone = true;
        try
        {
            foreach (var path in Directory.EnumerateFiles(FolderOf(key), key.KeyText + "-*"))
            {
                if (DiskFiles.TryDelete(path))
                {
                    count++;
                }
                else
                {
                    isGone = false;
                }
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing was kept in it yet.
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }

        return isGone;
    }
}
