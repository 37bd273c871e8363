using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using Skitai.Engine.Caching.Storage.Memory;
using Skitai.Posix;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>Looks up and opens: off the threads that poll sockets, few at a time.</summary>
internal sealed partial class DiskTier
{
    /// <summary>Bodies up to this come into memory when they are asked for, if the memory tier takes them; larger ones are sent from their file.</summary>
    public const long PromotedLength = 256 * 1024;

    /// <summary>As much of a body is compared with its checksums before a look-up gives the object.</summary>
    private const long VerifiedAtOnce = 1024 * 1024;

    private const int MostVaryNames = 1000;

    /// <summary>Removed keys that are remembered while it is not known what is there: some 2 MB.</summary>
    internal const int MostRemovedUnseen = 32 * 1024;

    private readonly ConcurrentDictionary<uint, string[]> _varyNames = new();

    /// <summary>Keys that were removed before it was known what is there. What is beyond the most that are remembered makes all look-ups misses until then.</summary>
    private readonly HashSet<ObjectName> _removedUnseen = [];
    private bool _removedTooMany;

    /// <summary>Whether there may be anything of a key. Asks no disk.</summary>
    public bool MayHold(string key)
    {
        var name = ObjectName.OfKey(key);
        lock (_changing)
        {
            return _ready ? _index.HasKey(name) : !_removedTooMany && !_removedUnseen.Contains(name);
        }
    }

    /// <summary>Finds what a request selects; null = nothing, or the disk does not say in time.</summary>
    public async ValueTask<StoredObject?> FindAsync(string key, IVariantSelector request, CancellationToken cancellation)
    {
        if (!MayHold(key) || IsSlow)
        {
            return null;
        }

        var selector = new DetachableSelector(request);
        try
        {
            // Somebody else may have got it while this one waited.
            return await ReadInTimeAsync(
                () => _memory.TryGet(key, selector, out var stored) ? stored : Select(key, selector), null, static late => late?.Release(), cancellation);
        }
        finally
        {
            selector.Detach();
        }
    }

    /// <summary>It is not what was written.</summary>
    public void Damaged(ObjectName name)
    {
        if (Drop(name))
        {
            Interlocked.Increment(ref _damaged);
            LogDamaged(_logger, _directory, name);
        }
    }

    /// <summary>It cannot be read: it goes, unless that is no fault of its own.</summary>
    /// <returns>False when it stays.</returns>
    public bool ReadFailed(ObjectName name, Exception error)
    {
        _reading.Failed(error);
        if (error.HResult is Errno.FilesInProcess or Errno.FilesInSystem or Errno.NoMemory)
        {
            return false;
        }

        Drop(name);
        return true;
    }

    private StoredObject? Select(string key, DetachableSelector request)
    {
        var keyName = ObjectName.OfKey(key);
        List<ObjectName> names = [];
        lock (_changing)
        {
            if (_ready)
            {
                _index.Collect(keyName, names);
            }
            else
            {
                // What a selection would be called is not known without a list of the directory.
                names.Add(keyName);
            }
        }

        StoredObject? best = null;
        foreach (var vary in names.Select(name => name.Vary).Distinct())
        {
            var fields = vary == 0 ? [] : VaryNames(vary, names);
            if (fields is null)
            {
                continue;
            }

            var variant = vary == 0 ? "" : request.VariantOf(fields);
            var name = keyName.With(fields, variant);
            if (!names.Contains(name) || Load(key, fields, variant, name) is not { } found)
            {
                continue;
            }

            if (best is null || found.Head.AnsweredAt > best.Head.AnsweredAt)
            {
                (best, found) = (found, best);
            }

            found?.Release();
        }

        return best;
    }

    /// <summary>The fields that a hash is of: learnt from a file's head when they are not known.</summary>
    private string[]? VaryNames(uint vary, List<ObjectName> names)
    {
        if (_varyNames.TryGetValue(vary, out var known))
        {
            return known;
        }

        foreach (var name in names)
        {
            if (name.Vary == vary && ReadLayout(name) is { } layout && name.With(layout.Head.VaryNames, "").Vary == vary)
            {
                return Know(vary, layout.Head.VaryNames);
            }
        }

        return null;
    }

    private string[] Know(uint vary, string[] fields)
    {
        if (_varyNames.Count >= MostVaryNames)
        {
            _varyNames.Clear();
        }

        return _varyNames.GetOrAdd(vary, fields);
    }

    /// <summary>Reads the head of a file; null when there is none.</summary>
    private OpenedLayout? ReadLayout(ObjectName name) => ReadLayout(name, out _);

    /// <summary>As above; null and <paramref name="isLeft"/> = it is there, and could not be looked at.</summary>
    private OpenedLayout? ReadLayout(ObjectName name, out bool isLeft)
    {
        isLeft = false;
        try
        {
            using var handle = OpenIfThere(name);
            if (handle is null)
            {
                return null;
            }

            var layout = OpenedLayout.Read(handle);
            if (layout is null)
            {
                Damaged(name);
            }

            return layout;
        }
        catch (IOException error)
        {
            isLeft = !ReadFailed(name, error);
            return null;
        }
        catch (NotSupportedException)
        {
            Damaged(name); // a pipe or the like
            return null;
        }
    }

    private SafeFileHandle? OpenIfThere(ObjectName name)
    {
        var path = PathOf(name);
        if (!IsReady && PosixFile.GetStatus(path) is null)
        {
            return null;
        }

        try
        {
            return DiskFiles.Open(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            Drop(name);
            return null;
        }
    }

    /// <summary>Opens an object and takes it to those at hand. With a share for the caller.</summary>
    private StoredObject? Load(string key, string[] fields, string variant, ObjectName name)
    {
        // Before its head is compared with the purges: what is purged after that revokes it.
        var admission = _admissions.Open(key);
        var open = Opened(name, out var sequence, out var freshHead);
        SafeFileHandle? handle = null;
        StoredObject? stored = null;
        try
        {
            handle = OpenIfThere(name);
            if (handle is null)
            {
                return null;
            }

            var layout = OpenedLayout.Read(handle);
            long length = 0;
            if (layout?.ReadSums(handle, out length) is not { } sums)
            {
                Damaged(name);
                return null;
            }

            if (layout.Head.Key != key || !layout.Head.IsVariant(fields, variant))
            {
                return null; // another one, whose hash is the same
            }

            if (Purges.Covers(key, layout.Purges))
            {
                Drop(name);
                return null;
            }

            if (!IsUnchanged(name, sequence))
            {
                return null; // replaced or confirmed while it was opened
            }

            stored = Admit(freshHead ?? layout.Head, sequence, new ObjectFile(this, open, name, handle, layout.Nonce, layout.BodyOffset, length, sums), admission);
            if (stored is null)
            {
                return null;
            }

            _reading.Worked();
            if (!IsUnchanged(name, sequence))
            {
                _memory.Remove(stored); // replaced while it was read, and what replaced it could not see it yet
            }

            return stored;
        }
        catch (IOException error)
        {
            ReadFailed(name, error);
            return null;
        }
        catch (NotSupportedException)
        {
            Damaged(name); // a pipe or the like
            return null;
        }
        finally
        {
            _admissions.Close(admission);
            if (stored?.Disk is null || stored.Disk.Handle != handle)
            {
                handle?.Dispose();
                Closed(name, open);
            }
        }
    }

    /// <summary>Whether an object is still the one, with the head, that it was before its file was opened.</summary>
    private bool IsUnchanged(ObjectName name, long sequence)
    {
        lock (_changing)
        {
            if (!_ready)
            {
                return true;
            }

            _index.Touch(name);
            return _index.TryGet(name, out _, out var present) && present == sequence;
        }
    }

    /// <summary>Small ones with their body in memory, if there is room for it; else with the file open.</summary>
    private StoredObject? Admit(StoredHead head, long sequence, ObjectFile file, Admission admission)
    {
        if (file.BodyLength <= PromotedLength && MemoryTier.CostOf(head, file.BodyLength) <= _memory.ObjectLimit)
        {
            var body = ReadBody(file);
            if (body is null)
            {
                return null;
            }

            var inMemory = new StoredObject(head, body) { Sequence = sequence };
            if (_memory.TryAdd(inMemory, 0, admission))
            {
                return inMemory;
            }
        }
        else if (!file.Verify(0, Math.Min(file.BodyLength, VerifiedAtOnce), CancellationToken.None))
        {
            return null;
        }

        var stored = new StoredObject(head, file) { Sequence = sequence };
        if (ShowAtHand(stored, admission))
        {
            return stored;
        }

        if (admission.IsRevoked)
        {
            return null;
        }

        // No room among those at hand, or a newer one is there.
        return _memory.Find(head.Key)?.Find(head.VaryNames, head.Variant) is { } newer && newer.TryAcquire() ? newer : stored;
    }

    /// <summary>Takes an object whose body is in an open file to those at hand.</summary>
    public bool ShowAtHand(StoredObject stored, Admission admission)
    {
        if (!_memory.TryAdd(stored, 0, admission))
        {
            return false;
        }

        lock (_changing)
        {
            stored.Disk!.Open.AtHand = stored;
        }

        return true;
    }

    private MemoryBody? ReadBody(ObjectFile file)
    {
        var chunks = new byte[ObjectLayout.BlockCount(file.BodyLength)][];
        for (var at = 0; at < chunks.Length; at++)
        {
            var offset = (long)at * ObjectLayout.BlockSize;
            var chunk = GC.AllocateUninitializedArray<byte>((int)Math.Min(ObjectLayout.BlockSize, file.BodyLength - offset));
            if (!DiskFiles.TryReadFully(file.Handle, chunk, file.BodyOffset + offset) || !file.Confirm(at, chunk))
            {
                Damaged(file.Name);
                return null;
            }

            chunks[at] = chunk;
        }

        return new MemoryBody(chunks);
    }
}
