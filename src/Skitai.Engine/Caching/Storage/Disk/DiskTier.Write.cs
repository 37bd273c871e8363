using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;
using Skitai.Engine.Caching.Storage.Memory;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>Writes, renames and deletes: one job after the other, but for the bodies of large objects, which their fills write.</summary>
internal sealed partial class DiskTier
{
    private readonly Lock _publishing = new();
    private readonly Dictionary<ObjectName, (StoredHead Head, long Sequence)> _freshHeads = [];
    private long _temporaries;
    private long _pending;

    /// <summary>Counts files that should have been deleted, or looked at for that, and could not be.</summary>
    private long _left;
    private ObjectName? _beingPublished;

    /// <summary>Out of the index, with a file that may still be there.</summary>
    private readonly HashSet<ObjectName> _dying = [];

    /// <summary>
    /// Writes an object that is in memory to disk, too, when its turn comes. Where that cannot be, an older one of its selection is deleted there.
    /// </summary>
    /// <param name="stored">A share is taken until it is done.</param>
    /// <param name="admission">Closed when it is done.</param>
    /// <param name="sequence">When it was begun.</param>
    public void Write(StoredObject stored, Admission admission, long sequence)
    {
        if (!MayWrite || Interlocked.Read(ref _pending) + stored.Length > Math.Max(1024 * 1024, _memory.Limit / 4) || !stored.TryAcquire())
        {
            Supersede(ObjectName.Of(stored.Head), sequence);
            _admissions.Close(admission);
            return;
        }

        DropOutdated(ObjectName.Of(stored.Head), sequence);

        // What it weighs beside its body keeps the number of jobs bounded, too.
        var weight = stored.Length + 1024;
        Interlocked.Add(ref _pending, weight);
        Do(() =>
        {
            try
            {
                if (!TryWriteWhole(stored, admission))
                {
                    Supersede(ObjectName.Of(stored.Head), sequence);
                }
            }
            finally
            {
                Interlocked.Add(ref _pending, -weight);
                _admissions.Close(admission);
                stored.Release();
            }
        });
    }

    /// <summary>
    /// Gives an object on disk a newer head: look-ups get it from now on, its file when its turn comes. Where that cannot be,
    /// the file is deleted: with its old head it could seem fresh for longer than it is.
    /// </summary>
    /// <param name="head">The newer one.</param>
    /// <param name="previous">The sequence of the object that it is for.</param>
    /// <param name="sequence">Its own.</param>
    /// <returns>False when another object, or none, is on disk.</returns>
    public bool Freshen(StoredHead head, long previous, long sequence)
    {
        var name = ObjectName.Of(head);
        lock (_changing)
        {
            if (_stopped || (_ready && (!_index.TryGet(name, out _, out var written) || written != previous)))
            {
                return false;
            }

            if (_ready)
            {
                _index.SetSequence(name, sequence);
                _freshHeads[name] = (head, sequence);
            }
        }

        if (!IsReady)
        {
            Drop(name);
            return false;
        }

        Do(() => WriteHead(name, sequence));
        return true;
    }

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

    /// <summary>Makes the file that an object is written to.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public (string Path, SafeFileHandle Handle) CreateTemporary(ObjectName name, long length)
    {
        var path = $"{PathOf(name)}.{Environment.ProcessId}-{Interlocked.Increment(ref _temporaries)}.tmp";
        try
        {
            return (path, DiskFiles.Create(path, length));
        }
        catch (DirectoryNotFoundException)
        {
            DiskFiles.CreateDirectory(FolderOf(name));
            return (path, DiskFiles.Create(path, length));
        }
    }

    /// <summary>Gives a complete file its name, in the place of an older one, and counts it.</summary>
    /// <param name="temporary">The file.</param>
    /// <param name="name">What it will be called.</param>
    /// <param name="blocks">What it takes.</param>
    /// <param name="reserved">What was set aside for it; given back when it was published.</param>
    /// <param name="sequence">When it was begun.</param>
    /// <param name="admission">The leave for it.</param>
    /// <param name="source">The object in memory that it is a copy of: once that is dropped, the copy is of no use; null = it is none.</param>
    /// <param name="varyNames">The fields that it was selected by.</param>
    /// <param name="open">The caller has it open.</param>
    /// <returns>False when it is not kept: its temporary file may still be there.</returns>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    public bool TryPublish(
        string temporary, ObjectName name, long blocks, long reserved, long sequence, Admission admission, StoredObject? source, string[] varyNames, [NotNullWhen(true)] out OpenFile? open)
    {
        open = null;
        lock (_publishing)
        {
            StoredObject? replaced = null;
            lock (_changing)
            {
                if (!_ready || _stopped || admission.IsRevoked || (_index.TryGet(name, out var old, out var present) && present > sequence))
                {
                    return false;
                }

                // It is gone before its name leads to another file: what the index says of a name is true of its file, or there is nothing to be said.
                if (_index.Remove(name))
                {
                    _freshHeads.Remove(name);
                    replaced = Orphan(name, old);
                }

                _beingPublished = name;
            }

            try
            {
                DiskFiles.Rename(temporary, PathOf(name));
            }
            catch (IOException)
            {
                Unlink(name);
                lock (_changing)
                {
                    _beingPublished = null;
                }

                if (replaced is not null)
                {
                    _memory.Remove(replaced);
                }

                throw;
            }

            lock (_changing)
            {
                // A removal revokes before it comes here, and a newer object drops the source: either that finds this one, or this one sees it.
                if (!admission.IsRevoked && source is not { IsDropped: true })
                {
                    _index.Add(name, blocks, sequence);
                    _dying.Remove(name);
                    _used -= reserved - blocks;
                    _open[name] = open = new OpenFile { Count = 1 };
                }
            }

            if (open is null)
            {
                Unlink(name);
            }

            lock (_changing)
            {
                _beingPublished = null;
            }

            if (replaced is not null)
            {
                _memory.Remove(replaced);
            }
        }

        _writing.Worked();
        if (varyNames.Length > 0)
        {
            Know(name.Vary, varyNames);
        }

        DropOutdated(name, sequence);
        DropSurplus(name);
        return open is not null;
    }

    /// <summary>A fill was given up.</summary>
    public void Discard(string? path, SafeFileHandle? handle, long reserved, List<ObjectName> victims)
    {
        if (path is null && victims.Count == 0)
        {
            Return(reserved);
            return;
        }

        Do(() =>
        {
            victims.ForEach(DeleteEvicted);
            handle?.Dispose();
            if (path is not null)
            {
                DiskFiles.TryDelete(path);
            }

            Return(reserved);
        });
    }

    /// <summary>The disk did not take something. One that is full is no reason to leave it alone: what is smaller may fit.</summary>
    public void WriteFailed(Exception error)
    {
        if (!DiskRoom.IsCause(error))
        {
            _writing.Failed(error);
            return;
        }

        lock (_changing)
        {
            _room.Full(_used, _limit);
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

    private bool TryWriteWhole(StoredObject stored, Admission admission)
    {
        var (head, written) = _memory.HeadOf(stored);
        if (admission.IsRevoked || stored.IsDropped || ObjectFill.TryBegin(this, head, stored.Length) is not { } fill)
        {
            return false;
        }

        using (fill)
        {
            foreach (var part in stored.Bytes)
            {
                if (!fill.Append(part.Span))
                {
                    return false;
                }
            }

            using var file = fill.Commit(admission, written, stored);
            if (file is null)
            {
                return false;
            }
        }

        // It got a newer head while the older one was being written, and its file could not be told of that yet.
        var (fresh, latest) = _memory.HeadOf(stored);
        if (latest != written)
        {
            Freshen(fresh, written, latest);
        }

        return true;
    }

    private void WriteHead(ObjectName name, long sequence)
    {
        bool isWritten;

        // Under the lock that gives names: else it could be written into the file of another object.
        lock (_publishing)
        {
            StoredHead head;
            lock (_changing)
            {
                if (!_freshHeads.TryGetValue(name, out var fresh) || fresh.Sequence != sequence)
                {
                    return; // a newer one is to be written
                }

                if (_stopped || !_index.TryGet(name, out _, out var present) || present != sequence)
                {
                    _freshHeads.Remove(name);
                    return;
                }

                head = fresh.Head;
            }

            isWritten = TryWriteHead(name, head);
            lock (_changing)
            {
                if (_freshHeads.TryGetValue(name, out var fresh) && fresh.Sequence == sequence)
                {
                    _freshHeads.Remove(name);
                }
            }
        }

        if (!isWritten)
        {
            Supersede(name, sequence);
        }
    }

    private bool TryWriteHead(ObjectName name, StoredHead head)
    {
        try
        {
            using var file = DiskFiles.Open(PathOf(name), FileAccess.ReadWrite);
            var bytes = HeadCodec.Encode(head);
            if (OpenedLayout.Read(file) is not { } layout || !layout.Head.IsSameVariant(head) || bytes.Length + ObjectLayout.SlotMark > layout.SlotSize)
            {
                return false;
            }

            var slot = new byte[ObjectLayout.SlotMark + bytes.Length];
            ObjectLayout.WriteSlot(slot, layout.Nonce, layout.Generation + 1, bytes);
            RandomAccess.Write(file, slot, ObjectLayout.PrologueSize + (layout.InSecondSlot ? 0 : layout.SlotSize));
            return true;
        }
        catch (IOException error)
        {
            if (error is not (FileNotFoundException or DirectoryNotFoundException))
            {
                WriteFailed(error);
            }

            return false;
        }
    }

    private async Task WorkAsync()
    {
        await foreach (var job in _jobs.Reader.ReadAllAsync())
        {
            await _writers.RunAsync(() => Try(job));
        }
    }

    private bool Try(Action job)
    {
        try
        {
            job();
            return true;
        }
        catch (IOException error)
        {
            WriteFailed(error);
        }
#pragma warning disable CA1031 // a cache that fails must not take the instance with it
        catch (Exception error)
        {
            LogBug(_logger, _directory, error);
        }
#pragma warning restore CA1031

        return false;
    }
}
