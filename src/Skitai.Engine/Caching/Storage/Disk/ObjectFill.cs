using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>
/// A body on its way to disk: in a file with a temporary name beside its final one, which it gets when all of it is there.
/// One appends; others may read meanwhile what has been appended. Disk is set aside before it is taken.
/// </summary>
internal sealed class ObjectFill : IDisposable
{
    /// <summary>Set aside at a time, at most, where the length is not known; a larger file's length is given to the file system before.</summary>
    private const long Step = 1024 * 1024;

    /// <summary>Of a write, where the disk is full and something goes for it each time.</summary>
    private const int MostTries = 4;

    private readonly DiskTier _tier;
    private readonly StoredHead _head;
    private readonly long _length;
    private readonly List<uint> _sums = [];
    private readonly List<ObjectName> _victims;
    private readonly ulong _nonce = ObjectLayout.NewNonce();
    private readonly byte[] _headBytes;
    private readonly int _slotSize;
    private readonly long _purges;
    private SafeFileHandle? _handle;
    private string? _path;
    private long _reserved;
    private long _written;
    private uint _sum;
    private readonly Lock _ending = new();
    private bool _isPreallocated;
    private bool _isOpened;
    private bool _isBusy;
    private bool _isOver;
    private bool _handedOver;

    private ObjectFill(DiskTier tier, StoredHead head, byte[] headBytes, long length, long reserved, List<ObjectName> victims)
    {
        _tier = tier;
        _head = head;
        _headBytes = headBytes;
        _length = length;
        _reserved = reserved;
        _victims = victims;
        _slotSize = ObjectLayout.SlotSizeFor(headBytes.Length);
        _purges = tier.Purges.Last;
        Name = ObjectName.Of(head);
    }

    /// <summary>What it will be called.</summary>
    public ObjectName Name { get; }

    /// <summary>Begins one, without touching the disk yet; null when there is no room for it.</summary>
    /// <param name="tier">Where the space is counted.</param>
    /// <param name="head">The head.</param>
    /// <param name="length">Bytes of the body, all set aside at once; -1 = not known.</param>
    public static ObjectFill? TryBegin(DiskTier tier, StoredHead head, long length)
    {
        if (!tier.MayWrite || length > tier.ObjectLimit)
        {
            return null;
        }

        var bytes = HeadCodec.Encode(head);
        var slot = ObjectLayout.SlotSizeFor(bytes.Length);
        if (slot > ObjectLayout.MostSlot)
        {
            return null;
        }

        var file = ObjectLayout.FileLength(slot, Math.Max(length, 0));
        file = length < 0 ? Math.Max(file, StepOf(tier)) : file;
        var blocks = ObjectLayout.DiskBlocks(file);
        List<ObjectName> victims = [];
        return file <= tier.ObjectLimit && tier.TryReserve(blocks, victims) ? new ObjectFill(tier, head, bytes, length, blocks, victims) : null;
    }

    /// <summary>Adds bytes, off the calling thread.</summary>
    /// <returns>False when it became too large, or the disk does not take it.</returns>
    public ValueTask<bool> AppendAsync(ReadOnlyMemory<byte> bytes) => _tier.WriteInTimeAsync(() => Append(bytes.Span), false, null);

    /// <summary>As <see cref="AppendAsync"/>, on this thread.</summary>
    public bool Append(ReadOnlySpan<byte> bytes)
    {
        if (!TryBeBusy())
        {
            return false;
        }

        try
        {
            if (!_tier.MayWrite || !TryReserve(_written + bytes.Length))
            {
                return false;
            }

            Write(bytes);
            Sum(bytes);
            return true;
        }
        catch (IOException error)
        {
            _tier.WriteFailed(error);
            return false;
        }
        finally
        {
            BeIdle();
        }
    }

    /// <summary>Reads what has been appended.</summary>
    /// <exception cref="BodyLostException">The disk is broken.</exception>
    public async ValueTask ReadAsync(long offset, Memory<byte> into, CancellationToken cancellation)
    {
        // Not into the caller's memory: that may be somebody else's when a disk that hung goes on.
        var length = into.Length;
        byte[]? bytes;
        try
        {
            bytes = await _tier.ReadInTimeAsync(() => Read(offset, length), null, static late => Return(late), cancellation);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            throw new BodyLostException(error.Message, error);
        }

        if (bytes is null)
        {
            throw new BodyLostException("the file of an object that is being cached became shorter, or its disk does not answer");
        }

        bytes.AsSpan(0, length).CopyTo(into.Span);
        Return(bytes);
    }

    /// <summary>All has been appended: it gets its name. On this thread.</summary>
    /// <returns>Its file; null when it is not kept. This fill is to be disposed of in any case.</returns>
    /// <param name="admission">The leave for it.</param>
    /// <param name="sequence">When it was begun.</param>
    /// <param name="source">The object in memory that it is a copy of; null = it is none.</param>
    public ObjectFile? Commit(Admission admission, long sequence, StoredObject? source = null)
    {
        if (!TryBeBusy())
        {
            return null;
        }

        OpenFile? open;
        try
        {
            if (_written % ObjectLayout.BlockSize != 0)
            {
                _sums.Add(_sum);
            }

            Write(ObjectLayout.MakeFooter(_nonce, _written, CollectionsMarshal.AsSpan(_sums)));
            var blocks = ObjectLayout.DiskBlocks(ObjectLayout.FileLength(_slotSize, _written));
            if (!_tier.TryPublish(_path!, Name, blocks, _reserved, sequence, admission, source, _head.VaryNames, out open))
            {
                return null;
            }

            _reserved = 0;
            _handedOver = true;
        }
        catch (IOException error)
        {
            _tier.WriteFailed(error);
            return null;
        }
        finally
        {
            BeIdle();
        }

        var file = new ObjectFile(_tier, open, Name, _handle!, _nonce, BodyOffset, _written, [.. _sums]);
        file.ConfirmAll();
        return file;
    }

    /// <summary>Gives up what was not committed; the file goes off this thread.</summary>
    public void Dispose()
    {
        lock (_ending)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
            if (_isBusy)
            {
                return; // the disk hangs: who waits for it does the rest
            }
        }

        Discard();
    }

    private void Discard()
    {
        if (!_handedOver)
        {
            _tier.Discard(_path, _handle, _reserved, _victims);
        }
    }

    private bool TryBeBusy()
    {
        lock (_ending)
        {
            return !_isOver && !_isBusy && (_isBusy = true);
        }
    }

    private void BeIdle()
    {
        lock (_ending)
        {
            _isBusy = false;
            if (!_isOver)
            {
                return;
            }
        }

        Discard();
    }

    private static void Return(byte[]? bytes)
    {
        if (bytes is not null)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private byte[]? Read(long offset, int length)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(length);
        if (_handle is not null && DiskFiles.TryReadFully(_handle, bytes.AsSpan(0, length), BodyOffset + offset))
        {
            return bytes;
        }

        Return(bytes);
        return null;
    }

    /// <summary>Little where there is little: what many fills set aside and do not need would drive out what is kept.</summary>
    private static long StepOf(DiskTier tier) => Math.Min(Step, tier.ObjectLimit / 16);

    private long BodyOffset => ObjectLayout.BodyOffset(_slotSize);

    private bool TryReserve(long length)
    {
        if (_length >= 0)
        {
            return length <= _length;
        }

        var file = ObjectLayout.FileLength(_slotSize, length);
        if (file > _tier.ObjectLimit)
        {
            return false;
        }

        var needed = ObjectLayout.DiskBlocks(file);
        if (needed <= _reserved)
        {
            return true;
        }

        var more = Math.Max(needed - _reserved, ObjectLayout.DiskBlocks(StepOf(_tier)));
        if (!_tier.TryReserve(more, _victims))
        {
            return false;
        }

        _reserved += more;
        if (_handle is not null)
        {
            DeleteVictims();
        }

        return true;
    }

    /// <summary>What was evicted for it goes first: the disk never holds more than it may.</summary>
    private void DeleteVictims()
    {
        foreach (var victim in _victims)
        {
            _tier.DeleteEvicted(victim);
        }

        _victims.Clear();
    }

    /// <summary>Writes behind what has been appended. A disk that turns out to be full is made room on.</summary>
    private void Write(ReadOnlySpan<byte> bytes)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                Open();
                RandomAccess.Write(_handle!, bytes, BodyOffset + _written);
                return;
            }
            catch (IOException error) when (tries < MostTries && DiskRoom.IsCause(error))
            {
                var onDisk = _isPreallocated ? _reserved : _isOpened ? ObjectLayout.DiskBlocks(BodyOffset + _written) : 0;
                if (!_tier.TryMakeRoom(_reserved - onDisk, _victims))
                {
                    throw;
                }

                DeleteVictims();
            }
        }
    }

    private void Open()
    {
        if (_isOpened)
        {
            return;
        }

        DeleteVictims();
        if (_handle is null)
        {
            var length = _length < Step ? 0 : ObjectLayout.FileLength(_slotSize, _length);
            (_path, _handle) = _tier.CreateTemporary(Name, length);
            _isPreallocated = length > 0;
        }

        var start = new byte[ObjectLayout.PrologueSize + ObjectLayout.SlotMark + _headBytes.Length];
        ObjectLayout.WritePrologue(start, _nonce, _purges, _slotSize);
        ObjectLayout.WriteSlot(start.AsSpan(ObjectLayout.PrologueSize), _nonce, 1, _headBytes);
        RandomAccess.Write(_handle, start, 0);
        _isOpened = true;
    }

    private void Sum(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var inBlock = (int)(_written % ObjectLayout.BlockSize);
            if (inBlock == 0)
            {
                _sum = ObjectLayout.BlockSum(_nonce, _written / ObjectLayout.BlockSize, default);
            }

            var part = Math.Min(bytes.Length, ObjectLayout.BlockSize - inBlock);
            _sum = Checksum.Of(_sum, bytes[..part]);
            _written += part;
            bytes = bytes[part..];
            if (_written % ObjectLayout.BlockSize == 0)
            {
                _sums.Add(_sum);
            }
        }
    }
}
