namespace Skitai.Engine.Caching.Storage.Memory;

/// <summary>
/// What has come so far of a body that is to be kept in memory. One writes; what it has told of (<see cref="Length"/>) others
/// may read meanwhile, for bytes once written stay where they are. Memory is set aside before it is taken.
/// </summary>
internal sealed class FillBuffer
{
    private const int FirstGuess = 4 * 1024;

    private readonly MemoryTier _tier;
    private readonly long _expected;
    private byte[][] _chunks = [];
    private long _length;
    private long _room;

    private FillBuffer(MemoryTier tier, long expected, long reserved)
    {
        _tier = tier;
        _expected = expected;
        Reserved = reserved;
    }

    /// <summary>Bytes that may be read.</summary>
    public long Length => Volatile.Read(ref _length);

    /// <summary>Bytes of memory set aside.</summary>
    public long Reserved { get; private set; }

    /// <summary>Begins one; null when the tier has no room for it.</summary>
    /// <param name="tier">Where the memory is counted.</param>
    /// <param name="head">What the object will weigh, too.</param>
    /// <param name="length">Bytes of the body, all set aside at once; -1 = not known.</param>
    public static FillBuffer? TryBegin(MemoryTier tier, StoredHead head, long length)
    {
        var cost = MemoryTier.CostOf(head, 0) + (length > 0 ? MemoryBody.CostOf(length) : 0);
        return length <= tier.Limit && cost <= tier.ObjectLimit && tier.TryReserve(cost) ? new FillBuffer(tier, length, cost) : null;
    }

    /// <summary>Adds bytes.</summary>
    /// <returns>False when it has become too large or there is no more room: nothing was added.</returns>
    public bool TryAppend(ReadOnlySpan<byte> bytes)
    {
        if (_expected < 0 && !TryReserveFor(_length + bytes.Length))
        {
            return false;
        }

        var length = _length;
        while (bytes.Length > 0)
        {
            if (length == _room)
            {
                Extend(length + bytes.Length);
            }

            var at = (int)(length % MemoryBody.ChunkSize);
            var chunk = _chunks[(int)(length / MemoryBody.ChunkSize)];
            var part = Math.Min(bytes.Length, chunk.Length - at);
            bytes[..part].CopyTo(chunk.AsSpan(at));
            bytes = bytes[part..];
            length += part;
        }

        Volatile.Write(ref _length, length);
        return true;
    }

    /// <summary>The bytes from there to the end of their chunk, as far as they have come; none = not yet.</summary>
    public ReadOnlyMemory<byte> At(long offset)
    {
        var length = Length;
        if (offset >= length)
        {
            return default;
        }

        // Taken after the length: a chunk that was made larger holds at least that much.
        var chunk = Volatile.Read(ref _chunks)[(int)(offset / MemoryBody.ChunkSize)];
        var at = (int)(offset % MemoryBody.ChunkSize);
        return chunk.AsMemory(at, (int)Math.Min(chunk.Length - at, length - offset));
    }

    /// <summary>It is complete: the same arrays, the last one cut to what is in it.</summary>
    public MemoryBody ToBody()
    {
        var chunks = _chunks;
        if (chunks.Length > 0)
        {
            var inLast = (int)(_length - ((chunks.Length - 1L) * MemoryBody.ChunkSize));
            if (chunks[^1].Length > inLast)
            {
                chunks = [.. chunks];
                chunks[^1] = chunks[^1].AsSpan(0, inLast).ToArray();
            }
        }

        return new MemoryBody(chunks);
    }

    /// <summary>Gives back what was set aside.</summary>
    public void Return()
    {
        _tier.Return(Reserved);
        Reserved = 0;
    }

    /// <summary>An object has been made of it that counts itself.</summary>
    public void Taken() => Reserved = 0;

    private bool TryReserveFor(long length)
    {
        var wanted = MemoryBody.CostOf(RoomFor(length));
        var more = wanted - (_room == 0 ? 0 : MemoryBody.CostOf(_room));
        if (more <= 0)
        {
            return true;
        }

        if (Reserved + more > _tier.ObjectLimit || !_tier.TryReserve(more))
        {
            return false;
        }

        Reserved += more;
        return true;
    }

    private long RoomFor(long length)
    {
        if (_expected >= 0)
        {
            return _expected;
        }

        if (length <= _room)
        {
            return _room;
        }

        if (length > MemoryBody.ChunkSize)
        {
            return (length + MemoryBody.ChunkSize - 1) / MemoryBody.ChunkSize * MemoryBody.ChunkSize;
        }

        long room = FirstGuess;
        while (room < length)
        {
            room *= 4;
        }

        return room;
    }

    /// <summary>Makes room for one chunk, or the first one larger.</summary>
    private void Extend(long length)
    {
        var total = RoomFor(length);
        if (_chunks.Length == 1 && _chunks[0].Length < MemoryBody.ChunkSize)
        {
            var larger = GC.AllocateUninitializedArray<byte>((int)Math.Min(total, MemoryBody.ChunkSize));
            _chunks[0].CopyTo(larger, 0);
            Volatile.Write(ref _chunks, [larger]);
        }
        else
        {
            var size = (int)Math.Min(total - _room, MemoryBody.ChunkSize);
            Volatile.Write(ref _chunks, [.. _chunks, GC.AllocateUninitializedArray<byte>(size)]);
        }

        _room = ((_chunks.Length - 1L) * MemoryBody.ChunkSize) + _chunks[^1].Length;
    }
}
