using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;
using Skitai.Engine.Caching.Storage.Disk;
using Skitai.Engine.Caching.Storage.Memory;

namespace Skitai.Engine.Caching.Storage;

/// <summary>
/// A kept answer: complete, and what a look-up gives. Whoever got it has a share in it and gives that back with
/// <see cref="Release"/> once the body is sent, exactly once; until then the bytes stay, dropped or not, and count.
/// </summary>
internal sealed class StoredObject
{
    private StoredHead _head;
    private int _references = 1;
    private int _dropped;

    /// <summary>One with its body in memory.</summary>
    internal StoredObject(StoredHead head, MemoryBody body)
    {
        _head = head;
        Memory = body;
        Length = body.Length;
    }

    /// <summary>One with its body in a file.</summary>
    internal StoredObject(StoredHead head, ObjectFile file)
    {
        _head = head;
        Disk = file;
        Length = file.BodyLength;
    }

    /// <summary>Its head as it is now; take it once for an answer, for a newer one may come at any time.</summary>
    public StoredHead Head => Volatile.Read(ref _head);

    /// <summary>Bytes of the body.</summary>
    public long Length { get; }

    /// <summary>Whether the body is in memory: then <see cref="Bytes"/> are it, and else <see cref="File"/> has it.</summary>
    [MemberNotNullWhen(false, nameof(File))]
    public bool InMemory => Memory is not null;

    /// <summary>The body, in one piece up to 64 KB; empty when it is not in memory.</summary>
    public ReadOnlySequence<byte> Bytes => Memory?.Bytes ?? default;

    /// <summary>The body when it is in memory and in one piece.</summary>
    public bool TryGetWhole(out ReadOnlyMemory<byte> bytes)
    {
        if (Memory is { } memory && memory.Bytes.IsSingleSegment)
        {
            bytes = memory.Bytes.First;
            return true;
        }

        bytes = default;
        return false;
    }

    /// <summary>
    /// The file that has the body from <see cref="FileOffset"/> on; null when it is in memory. Bytes may be sent from it only
    /// after <see cref="VerifyAsync"/> has said that they are sound.
    /// </summary>
    public SafeFileHandle? File => Disk?.Handle;

    /// <summary>Where in <see cref="File"/> the body begins.</summary>
    public long FileOffset => Disk?.BodyOffset ?? 0;

    /// <summary>Whether it was removed or replaced since it was looked up.</summary>
    public bool IsDropped => Volatile.Read(ref _dropped) != 0;

    internal MemoryBody? Memory { get; }

    internal ObjectFile? Disk { get; }

    /// <summary>What the eviction of the memory tier knows of it.</summary>
    internal MemoryPlace Place { get; } = new();

    /// <summary>Whether a part of the body is known to be sound already: no file need be read to say so.</summary>
    /// <param name="offset">The first byte of it.</param>
    /// <param name="length">How many.</param>
    public bool IsVerified(long offset, long length) => Disk is null || Disk.IsVerified(offset, length);

    /// <summary>
    /// Compares a part of the body with its checksums, once for each 64 KB while the object is in use: bytes in memory are
    /// sound always. Call it for a piece, say a megabyte, before that piece is sent from <see cref="File"/>. The first
    /// megabyte has been looked at when the object was looked up.
    /// </summary>
    /// <param name="offset">The first byte of it.</param>
    /// <param name="length">How many.</param>
    /// <param name="cancellation">Nobody wants it any more.</param>
    /// <returns>False when they are not what was stored: the object has been deleted and the answer must be broken off.</returns>
    public ValueTask<bool> VerifyAsync(long offset, long length, CancellationToken cancellation)
        => IsVerified(offset, length) ? ValueTask.FromResult(true) : Disk!.VerifyAsync(offset, length, cancellation);

    /// <summary>Takes another share; false when the last one has been given back already.</summary>
    public bool TryAcquire()
    {
        var seen = Volatile.Read(ref _references);
        while (seen > 0)
        {
            var was = Interlocked.CompareExchange(ref _references, seen + 1, seen);
            if (was == seen)
            {
                return true;
            }

            seen = was;
        }

        return false;
    }

    /// <summary>Gives a share back.</summary>
    public void Release()
    {
        var left = Interlocked.Decrement(ref _references);
        if (left == 0)
        {
            Place.Tier?.Forget(this);
            Disk?.Dispose();
        }
        else if (left < 0)
        {
            throw new InvalidOperationException("A stored object was released more often than acquired.");
        }
    }

    /// <summary>When it was begun or last confirmed, as a count of such events: what was begun earlier does not take its place.</summary>
    internal long Sequence { get; set; }

    internal int References => Volatile.Read(ref _references);

    internal void SetHead(StoredHead head) => Volatile.Write(ref _head, head);

    internal void MarkDropped() => Volatile.Write(ref _dropped, 1);
}
