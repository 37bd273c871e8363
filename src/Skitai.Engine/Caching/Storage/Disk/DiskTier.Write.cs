using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;

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
            try
            {
                await _writers.RunAsync(() => Try(job));
            }
            catch (OutOfMemoryException)
            {
                Try(job); // it was not even queued
            }
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
