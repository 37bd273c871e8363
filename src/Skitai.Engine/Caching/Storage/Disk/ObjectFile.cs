using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>
/// The open file of an object. Its head was checked when it was opened; its body is compared with its checksums block by
/// block before bytes of a block are given out for the first time. So the first byte of a large file does not wait for its
/// last, and a range costs only its own blocks.
/// </summary>
internal sealed class ObjectFile : IDisposable
{
    private readonly DiskTier _tier;
    private readonly ulong _nonce;
    private readonly uint[] _sums;
    private readonly long[] _verified;

    /// <summary>Takes an open file over.</summary>
    public ObjectFile(DiskTier tier, OpenFile open, ObjectName name, SafeFileHandle handle, ulong nonce, long bodyOffset, long bodyLength, uint[] sums)
    {
        _tier = tier;
        _nonce = nonce;
        _sums = sums;
        _verified = new long[(sums.Length + 63) / 64];
        Open = open;
        Name = name;
        Handle = handle;
        BodyOffset = bodyOffset;
        BodyLength = bodyLength;
    }

    /// <summary>What it is called.</summary>
    public ObjectName Name { get; }

    /// <summary>How many have it open.</summary>
    public OpenFile Open { get; }

    /// <summary>The file.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Where the body begins.</summary>
    public long BodyOffset { get; }

    /// <summary>Bytes of the body.</summary>
    public long BodyLength { get; }

    /// <summary>Bytes of memory that its checksums take.</summary>
    public long Cost => 200 + (4L * _sums.Length) + (8L * _verified.Length);

    /// <summary>Whether all blocks of a part were compared already.</summary>
    public bool IsVerified(long offset, long length)
    {
        if (length <= 0)
        {
            return true;
        }

        var last = (offset + length - 1) / ObjectLayout.BlockSize;
        for (var block = offset / ObjectLayout.BlockSize; block <= last; block++)
        {
            if ((Volatile.Read(ref _verified[block / 64]) & (1L << (int)(block % 64))) == 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Compares the blocks of a part that were not yet, off the calling thread.</summary>
    /// <returns>False when they are not what was written, or cannot be read: the object has been deleted.</returns>
    public ValueTask<bool> VerifyAsync(long offset, long length, CancellationToken cancellation)
        => _tier.ReadInTimeAsync(() => Verify(offset, length, cancellation), false, null, cancellation);

    /// <summary>As <see cref="VerifyAsync"/>, on this thread.</summary>
    public bool Verify(long offset, long length, CancellationToken cancellation)
    {
        if (length <= 0)
        {
            return true;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(ObjectLayout.BlockSize);
        try
        {
            var last = (offset + length - 1) / ObjectLayout.BlockSize;
            for (var block = offset / ObjectLayout.BlockSize; block <= last; block++)
            {
                cancellation.ThrowIfCancellationRequested();
                var at = block * ObjectLayout.BlockSize;
                if (IsVerified(at, 1))
                {
                    continue;
                }

                var bytes = buffer.AsSpan(0, (int)Math.Min(ObjectLayout.BlockSize, BodyLength - at));
                if (!DiskFiles.TryReadFully(Handle, bytes, BodyOffset + at) || !Confirm(block, bytes))
                {
                    _tier.Damaged(Name);
                    return false;
                }
            }

            return true;
        }
        catch (IOException error)
        {
            _tier.ReadFailed(Name, error);
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Whether those are the bytes of a block; notes it when they are.</summary>
    public bool Confirm(long block, ReadOnlySpan<byte> bytes)
    {
        if (ObjectLayout.BlockSum(_nonce, block, bytes) != _sums[block])
        {
            return false;
        }

        Interlocked.Or(ref _verified[block / 64], 1L << (int)(block % 64));
        return true;
    }

    /// <summary>All of it was written by this process just now.</summary>
    public void ConfirmAll() => Array.Fill(_verified, -1L);

    /// <inheritdoc/>
    public void Dispose()
    {
        Handle.Dispose();
        _tier.Closed(Name, Open);
    }
}
