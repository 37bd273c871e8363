using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Skitai.Engine.Caching.Storage.Disk;
using Skitai.Engine.Caching.Storage.Memory;

namespace Skitai.Engine.Caching.Storage;

/// <summary>
/// Keeps answers, in memory and on disk, each within a bound of bytes; knows nothing of HTTP but that an answer has a head
/// and a body and is selected by request fields. Whatever goes wrong here, a full disk above all, is a miss, never an error.
/// </summary>
internal sealed class ObjectStore : IAsyncDisposable
{
    private static readonly string[][] s_noLists = [];

    private readonly MemoryTier _memory;
    private readonly Admissions _admissions = new();
    private readonly Lock _resizing = new();
    private readonly string? _directory;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private DiskTier? _disk;
    private bool _stopped;
    private long _sequence;

    /// <summary>Makes one.</summary>
    /// <param name="memory">Bytes of memory; 0 = none is kept there.</param>
    /// <param name="disk">Bytes of disk; 0 = none is kept there.</param>
    /// <param name="directory">Where on disk, a directory of its own; null = nowhere.</param>
    /// <param name="logger">Hears of disk trouble.</param>
    /// <param name="time">The clock.</param>
    public ObjectStore(long memory, long disk, string? directory, ILogger logger, TimeProvider time)
    {
        _memory = new MemoryTier(memory);
        _directory = directory;
        _logger = logger;
        _time = time;
        if (disk > 0 && directory is not null)
        {
            _disk = new DiskTier(directory, disk, _memory, _admissions, logger, time);
        }
    }

    /// <summary>Whether a look-up that <see cref="TryGet"/> did not answer is worth <see cref="GetAsync"/>. Asks no disk.</summary>
    public bool MayFindOnDisk(string key) => _disk is { } disk && disk.MayHold(key);

    /// <summary>Whether there is a disk tier and it has found out what it holds: until then nothing is written to it.</summary>
    public bool IsDiskReady => _disk is { IsReady: true };

    /// <summary>
    /// Finds what a request selects, if it is at hand: no file is looked at, no lock taken. To be released by the caller.
    /// </summary>
    public bool TryGet(string key, IVariantSelector request, [NotNullWhen(true)] out StoredObject? stored)
    {
        if (!_memory.TryGet(key, request, out stored))
        {
            return false;
        }

        if (stored.InMemory || _disk is not { IsSlow: true })
        {
            return true;
        }

        // Its body would not come.
        stored.Release();
        stored = null;
        return false;
    }

    /// <summary>Finds what a request selects, on disk if it is not at hand. To be released by the caller; null = nothing is kept.</summary>
    /// <param name="key">The primary key.</param>
    /// <param name="request">The request; not used any more when this has ended.</param>
    /// <param name="cancellation">Nobody wants it any more.</param>
    public ValueTask<StoredObject?> GetAsync(string key, IVariantSelector request, CancellationToken cancellation)
        => TryGet(key, request, out var stored) ? ValueTask.FromResult<StoredObject?>(stored)
            : _disk is { } disk ? disk.FindAsync(key, request, cancellation)
            : ValueTask.FromResult<StoredObject?>(null);

    /// <summary>The lists of request fields that the answers of a key at hand were selected by, the newest first, eight at most.</summary>
    public string[][] VariesOn(string key) => _memory.Find(key)?.VaryLists ?? s_noLists;

    /// <summary>Begins to put an answer in.</summary>
    /// <param name="head">Its head.</param>
    /// <param name="length">Bytes of its body; -1 = not known.</param>
    /// <returns>Null when it is too large, or there is no room for it now.</returns>
    public ObjectWriter? Begin(StoredHead head, long length)
    {
        var admission = _admissions.Open(head.Key);
        var sequence = Interlocked.Increment(ref _sequence);
        if (FillBuffer.TryBegin(_memory, head, length) is { } buffer)
        {
            return new ObjectWriter(this, new FillingObject(head, length, buffer, null), admission, sequence);
        }

        if (_disk is { } disk && ObjectFill.TryBegin(disk, head, length) is { } file)
        {
            return new ObjectWriter(this, new FillingObject(head, length, null, file), admission, sequence);
        }

        _admissions.Close(admission);
        return null;
    }

    /// <summary>
    /// Gives an object a newer head: a member has confirmed it (304). Look-ups get it at once; those who have the object go on
    /// with the head that they took.
    /// </summary>
    /// <param name="stored">In the caller's hands.</param>
    /// <param name="head">Of the same key and selection.</param>
    /// <returns>False when the object is not the one that look-ups find any more.</returns>
    public bool Freshen(StoredObject stored, StoredHead head)
    {
        if (!head.IsSameVariant(stored.Head))
        {
            throw new ArgumentException("Another selection.", nameof(head));
        }

        var sequence = Interlocked.Increment(ref _sequence);
        var isAtHand = _memory.TrySetHead(stored, head, sequence, out var previous);

        // One that is not at hand any more may be on disk all the same, and found there.
        return (_disk is { } disk && disk.Freshen(head, previous, sequence)) || isAtHand;
    }

    /// <summary>
    /// Removes all that is kept for a key, whatever its selection. Look-ups miss it when this returns; what has begun to be
    /// filled will not be kept. The task ends when it is off the disk, too.
    /// </summary>
    /// <returns>How many objects.</returns>
    public ValueTask<int> RemoveAsync(string key)
    {
        _admissions.RevokeKey(key);
        if (_disk is not { } disk)
        {
            return ValueTask.FromResult(_memory.RemoveKey(key, null));
        }

        // One that is in both is counted once.
        var inMemory = _memory.RemoveKey(key, stored => disk.Forget(stored.Head));
        return SumAsync(inMemory, disk.RemoveKeyAsync(key));
    }

    /// <summary>
    /// Removes all whose key begins so, as <see cref="RemoveAsync"/> does, and for good: a restart or a power loss does not
    /// bring them back. Goes through all keys in memory on this thread, and through the files in the background.
    /// </summary>
    /// <returns>How many objects; where many files are to be looked through, as many as were found in five seconds.</returns>
    public ValueTask<int> RemovePrefixAsync(string prefix)
    {
        var sequence = Volatile.Read(ref _sequence);
        if (_disk is not { } disk)
        {
            _admissions.RevokePrefix(prefix);
            return ValueTask.FromResult(_memory.RemovePrefix(prefix, null));
        }

        // First of all: what is read from a file from now on is compared with it.
        var number = disk.Purges.Add(prefix);
        _admissions.RevokePrefix(prefix);
        var inMemory = _memory.RemovePrefix(prefix, stored => disk.Forget(stored.Head));
        return SumAsync(inMemory, disk.SweepAsync(number, prefix.Length == 0 ? sequence : -1));
    }

    /// <summary>Why a restart may bring back what was removed for good; null = it does not.</summary>
    public string? PurgeTrouble => _disk?.PurgesUnsaved;

    /// <summary>Removes everything, for good.</summary>
    /// <returns>How many objects.</returns>
    public ValueTask<int> RemoveAllAsync() => RemovePrefixAsync("");

    /// <summary>Other bounds; what is beyond them goes, from disk in the background.</summary>
    public void Resize(long memory, long disk)
    {
        lock (_resizing)
        {
            _memory.Resize(memory);
            if (_disk is not null)
            {
                _disk.Resize(disk, memory);
            }
            else if (disk > 0 && _directory is not null && !_stopped)
            {
                _disk = new DiskTier(_directory, disk, _memory, _admissions, _logger, _time);
            }
        }
    }

    /// <summary>Its figures.</summary>
    public StorageUsage Usage => new()
    {
        MemoryObjects = _memory.Count,
        MemoryBytes = _memory.Used,
        MemoryLimit = _memory.Limit,
        FillBytes = _memory.Fills,
        MemoryEvictions = _memory.Evictions,
        DiskObjects = _disk?.Count ?? 0,
        DiskBytes = _disk?.Used ?? 0,
        DiskLimit = _disk?.Limit ?? 0,
        DiskEvictions = _disk?.Evictions ?? 0,
        DiskDamaged = _disk?.DamagedObjects ?? 0,
        DiskTrouble = _disk?.Trouble,
    };

    /// <summary>A successor uses the directory from now on: nothing is written there any more, only read.</summary>
    public void StopWriting()
    {
        lock (_resizing)
        {
            _stopped = true;
            _disk?.StopWriting();
        }
    }

    /// <summary>Writes what is still to be written and lets go of the directory. Objects in hand may still be read and released.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disk is { } disk)
        {
            await disk.DisposeAsync();
        }

        // Some of them have files open.
        _memory.RemovePrefix("", null);
    }

    /// <summary>A complete body in memory becomes an object that look-ups find; null = it is not kept. With a share for the caller.</summary>
    internal StoredObject? Keep(StoredHead head, FillBuffer buffer, Admission admission, long sequence)
    {
        var stored = new StoredObject(head, buffer.ToBody()) { Sequence = sequence };
        if (!_memory.TryAdd(stored, buffer.Reserved, admission))
        {
            if (!admission.IsRevoked)
            {
                _disk?.Supersede(ObjectName.Of(head), sequence);
            }

            _admissions.Close(admission);
            return null;
        }

        buffer.Taken();
        if (_disk is { } disk)
        {
            disk.Write(stored, admission, sequence);
        }
        else
        {
            _admissions.Close(admission);
        }

        return stored;
    }

    /// <summary>The same for a body in a file, off the calling thread.</summary>
    internal async ValueTask<StoredObject?> KeepAsync(FillingObject filling, Admission admission, long sequence)
    {
        try
        {
            if (await _disk!.WriteInTimeAsync(() => filling.File!.Commit(admission, sequence), null, static late => late?.Dispose()) is not { } file)
            {
                admission.Revoke(); // a disk that hangs may come to it yet, and no purge would find it then
                _disk.Supersede(filling.File!.Name, sequence);
                return null;
            }

            // An older one in memory must not hide it.
            var stored = new StoredObject(filling.Head, file) { Sequence = sequence };
            if (!_disk.ShowAtHand(stored, admission))
            {
                _memory.RemoveOlder(filling.Head, sequence);
            }

            return stored;
        }
        finally
        {
            _admissions.Close(admission);
        }
    }

    /// <summary>What has come of an object is more than memory takes: it goes on in a file. Null = there is none.</summary>
    internal async ValueTask<ObjectFill?> OverflowAsync(FillingObject filling)
    {
        if (_disk is not { } disk || filling.Buffer is not { } buffer || ObjectFill.TryBegin(disk, filling.Head, filling.Length) is not { } file)
        {
            return null;
        }

        if (!await disk.WriteInTimeAsync(() => TryCopy(buffer, file), false, null))
        {
            file.Dispose();
            return null;
        }

        filling.MoveTo(file);
        return file;
    }

    private static bool TryCopy(FillBuffer buffer, ObjectFill file)
    {
        for (long at = 0; at < buffer.Length;)
        {
            var bytes = buffer.At(at);
            if (!file.Append(bytes.Span))
            {
                return false;
            }

            at += bytes.Length;
        }

        return true;
    }

    internal void Close(Admission admission) => _admissions.Close(admission);

    private static async ValueTask<int> SumAsync(int one, Task<int> other) => one + await other;
}
