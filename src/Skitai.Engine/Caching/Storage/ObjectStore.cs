#pragma warning disable CA1822 // the disk tier comes next
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
        _ = disk;
        _ = directory;
        _ = logger;
        _ = time;
    }

    /// <summary>Whether a look-up that <see cref="TryGet"/> did not answer is worth <see cref="GetAsync"/>.</summary>
    public bool MayFindOnDisk(string key)
    {
        _ = key;
        return false;
    }

    /// <summary>
    /// Finds what a request selects, if it is at hand: no file is looked at, no lock taken. To be released by the caller.
    /// </summary>
    public bool TryGet(string key, IVariantSelector request, [NotNullWhen(true)] out StoredObject? stored) => _memory.TryGet(key, request, out stored);

    /// <summary>Finds what a request selects, on disk if it is not at hand. To be released by the caller; null = nothing is kept.</summary>
    /// <param name="key">The primary key.</param>
    /// <param name="request">The request; not used any more when this has ended.</param>
    /// <param name="cancellation">Nobody wants it any more.</param>
    public ValueTask<StoredObject?> GetAsync(string key, IVariantSelector request, CancellationToken cancellation)
        => ValueTask.FromResult(TryGet(key, request, out var stored) ? stored : null);

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

        return _memory.TrySetHead(stored, head, Interlocked.Increment(ref _sequence));
    }

    /// <summary>
    /// Removes all that is kept for a key, whatever its selection. Look-ups miss it when this returns; what has begun to be
    /// filled will not be kept. The task ends when it is off the disk, too.
    /// </summary>
    /// <returns>How many objects.</returns>
    public ValueTask<int> RemoveAsync(string key)
    {
        _admissions.RevokeKey(key);
        return ValueTask.FromResult(_memory.RemoveKey(key));
    }

    /// <summary>Removes all whose key begins so, as <see cref="RemoveAsync"/> does.</summary>
    /// <returns>How many objects.</returns>
    public ValueTask<int> RemovePrefixAsync(string prefix)
    {
        _admissions.RevokePrefix(prefix);
        return ValueTask.FromResult(_memory.RemovePrefix(prefix, null));
    }

    /// <summary>Removes everything.</summary>
    /// <returns>How many objects.</returns>
    public ValueTask<int> RemoveAllAsync() => RemovePrefixAsync("");

    /// <summary>Other bounds; what is beyond them goes.</summary>
    public void Resize(long memory, long disk)
    {
        _ = disk;
        _memory.Resize(memory);
    }

    /// <summary>Its figures.</summary>
    public StorageUsage Usage => new()
    {
        MemoryObjects = _memory.Count,
        MemoryBytes = _memory.Used,
        MemoryLimit = _memory.Limit,
        FillBytes = _memory.Fills,
        MemoryEvictions = _memory.Evictions,
    };

    /// <summary>A successor uses the directory from now on: nothing is written there any more, only read.</summary>
    public void StopWriting()
    {
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>A complete body in memory becomes an object that look-ups find; null = it is not kept. With a share for the caller.</summary>
    internal StoredObject? Keep(StoredHead head, FillBuffer buffer, Admission admission, long sequence)
    {
        var stored = new StoredObject(head, buffer.ToBody()) { Sequence = sequence };
        if (!_memory.TryAdd(stored, buffer.Reserved, admission))
        {
            return null;
        }

        buffer.Taken();
        return stored;
    }

    internal ValueTask<StoredObject?> KeepAsync(FillingObject filling, Admission admission, long sequence) => ValueTask.FromResult<StoredObject?>(null);

    internal ValueTask<ObjectFill?> OverflowAsync(FillingObject filling) => ValueTask.FromResult<ObjectFill?>(null);

    internal void Close(Admission admission) => _admissions.Close(admission);
}
