using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>Writes, renames and deletes: one job after the other, but for the bodies of large objects, which their fills write.</summary>
internal sealed partial class DiskTier
{
    private readonly Lock _publishing = new();
    private long _temporaries;
    private long _pending;

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

        // What it weighs beside its body keeps the number of jobs bounded, too.
        var weight = stored.Length + 1024;
        Interlocked.Add(ref _pending, weight);
        Do(() =>
        {
            try
            {
                if (!TryWriteWhole(stored, admission, sequence))
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

    /// <summary>Gives an object's file a newer head when its turn comes; where that cannot be, the file is deleted.</summary>
    public void Freshen(StoredHead head, long sequence) => Do(() =>
    {
        var name = ObjectName.Of(head);
        bool isNewer;
        lock (_changing)
        {
            isNewer = _ready && !_stopped && _index.TryGet(name, out _, out var written) && written <= sequence;
        }

        if (isNewer && TryWriteHead(name, head))
        {
            lock (_changing)
            {
                _index.SetSequence(name, sequence);
            }
        }
        else if (isNewer || !IsReady)
        {
            // With its old head it could seem fresh for longer than it is.
            Supersede(name, sequence);
        }
    });

    /// <summary>What there is of a selection is older than what has been answered since: it is deleted.</summary>
    public void Supersede(ObjectName name, long sequence)
    {
        lock (_changing)
        {
            if (_ready && (!_index.TryGet(name, out _, out var written) || written > sequence))
            {
                return;
            }
        }

        Drop(name);
    }

    /// <summary>Removes all that is kept for a key; look-ups miss it from now on.</summary>
    /// <returns>How many, when they are deleted.</returns>
    public Task<int> RemoveKeyAsync(string key)
    {
        var keyName = ObjectName.OfKey(key);
        List<(ObjectName Name, long Blocks)> found = [];
        List<ObjectName> names = [];
        bool known;
        lock (_changing)
        {
            known = _ready;
            _index.Collect(keyName, names);
            foreach (var name in names)
            {
                _index.TryGet(name, out var blocks, out _);
                _index.Remove(name);
                found.Add((name, blocks));
            }

            if (!known)
            {
                _removedUnseen.Add(keyName);
            }
        }

        if (known && found.Count == 0)
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

            done.SetResult(found.Count + (known ? 0 : DeleteUnseen(keyName)));
        });
        return done.Task;
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

            DiskFiles.TryDelete(PathOf(name));
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
    /// <param name="varyNames">The fields that it was selected by.</param>
    /// <param name="open">The caller has it open.</param>
    /// <returns>False when it is not kept: its temporary file may still be there.</returns>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    public bool TryPublish(
        string temporary, ObjectName name, long blocks, long reserved, long sequence, Admission admission, string[] varyNames, [NotNullWhen(true)] out OpenFile? open)
    {
        open = null;
        StoredObject? replaced = null;
        lock (_publishing)
        {
            lock (_changing)
            {
                if (!_ready || _stopped || admission.IsRevoked || (_index.TryGet(name, out _, out var present) && present > sequence))
                {
                    return false;
                }
            }

            File.Move(temporary, PathOf(name), overwrite: true);
            bool revoked;
            lock (_changing)
            {
                if (_index.TryGet(name, out var old, out _))
                {
                    _index.Remove(name);
                    replaced = Orphan(name, old);
                }

                // A removal revokes before it comes here: either it finds this one, or this one sees it.
                revoked = admission.IsRevoked;
                if (!revoked)
                {
                    _index.Add(name, blocks, sequence);
                    _used -= reserved - blocks;
                    _open[name] = open = new OpenFile { Count = 1 };
                }
            }

            if (revoked)
            {
                DiskFiles.TryDelete(PathOf(name));
            }

            if (varyNames.Length > 0)
            {
                Know(name.Vary, varyNames);
            }

            _writing.Worked();
            if (open is null)
            {
                return false;
            }
        }

        if (replaced is not null)
        {
            _memory.Remove(replaced);
        }

        return true;
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

    /// <summary>The disk did not take something.</summary>
    public void WriteFailed(Exception error) => _writing.Failed(error);

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

            _index.Remove(name);
        }

        Do(() => Delete(name, blocks));
        return true;
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
                DiskFiles.TryDelete(PathOf(name));
            }
        }

        if (atHand is not null)
        {
            _memory.Remove(atHand);
        }
    }

    /// <summary>Deletes all of a key that is not in the index yet.</summary>
    private int DeleteUnseen(ObjectName key)
    {
        var count = 0;
        try
        {
            foreach (var path in Directory.EnumerateFiles(FolderOf(key), key.KeyText + "-*"))
            {
                count += DiskFiles.TryDelete(path) ? 1 : 0;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Nothing there, or nothing to be done about it.
        }

        return count;
    }

    private bool TryWriteWhole(StoredObject stored, Admission admission, long sequence)
    {
        if (admission.IsRevoked || ObjectFill.TryBegin(this, stored.Head, stored.Length) is not { } fill)
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

            using var file = fill.Commit(admission, sequence);
            return file is not null;
        }
    }

    private bool TryWriteHead(ObjectName name, StoredHead head)
    {
        try
        {
            // Under the lock that gives names: else it could be written into the file of a newer object.
            lock (_publishing)
            {
                using var file = DiskFiles.Open(PathOf(name), FileAccess.ReadWrite);
                var bytes = HeadCodec.Encode(head);
                if (OpenedLayout.Read(file) is not { } layout || !layout.Head.IsSameVariant(head)
                    || Purges.Covers(head.Key, layout.Purges) || bytes.Length + ObjectLayout.SlotMark > layout.SlotSize)
                {
                    return false;
                }

                var slot = new byte[ObjectLayout.SlotMark + bytes.Length];
                ObjectLayout.WriteSlot(slot, layout.Nonce, layout.Generation + 1, bytes);
                RandomAccess.Write(file, slot, ObjectLayout.PrologueSize + (layout.InSecondSlot ? 0 : layout.SlotSize));
                return true;
            }
        }
        catch (IOException error)
        {
            if (error is not (FileNotFoundException or DirectoryNotFoundException))
            {
                _writing.Failed(error);
            }

            return false;
        }
    }

    private async Task WorkAsync()
    {
        await foreach (var job in _jobs.Reader.ReadAllAsync())
        {
            try
            {
                job();
            }
            catch (IOException error)
            {
                _writing.Failed(error);
            }
#pragma warning disable CA1031 // a cache that fails must not take the instance with it
            catch (Exception error)
            {
                LogBug(_logger, _directory, error);
            }
#pragma warning restore CA1031
        }
    }
}
