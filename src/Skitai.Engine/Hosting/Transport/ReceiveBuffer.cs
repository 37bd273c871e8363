using System.Buffers;
using System.Net.Sockets;

namespace Skitai.Engine.Hosting.Transport;

/// <summary>
/// The bytes of a connection's input that nobody has used up yet, contiguous, in a pooled array that grows with a fast
/// sender and shrinks when nothing waits. Not thread-safe.
/// </summary>
internal struct ReceiveBuffer
{
    private const int Small = 4096;
    private const int Large = 128 * 1024;

    // The array holds [_start, _end); of it [_start, _examined) has been looked at.
    private byte[]? _bytes;
    private int _start;
    private int _end;
    private int _examined;

    /// <summary>Whether there is an array; not before the first <see cref="MakeRoom"/>.</summary>
    public readonly bool IsRented => _bytes is not null;

    /// <summary>Whether nothing could be received without <see cref="MakeRoom"/>.</summary>
    public readonly bool IsFull => _bytes is not null && _end == _bytes.Length;

    /// <summary>Whether something has come since the reader looked last.</summary>
    public readonly bool HasNew => _examined < _end;

    /// <summary>All that is not used up.</summary>
    public readonly ReadOnlySequence<byte> Unread =>
        _bytes is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_bytes, _start, _end - _start);

    /// <summary>Has the next receive fill the room behind what is there.</summary>
    public readonly void Offer(SocketAsyncEventArgs receive) => receive.SetBuffer(_bytes, _end, _bytes!.Length - _end);

    /// <summary>A receive brought so many bytes.</summary>
    public void Add(int count) => _end += count;

    /// <summary>The reader has used up and looked at so much.</summary>
    /// <param name="consumed">Of the sequence that <see cref="Unread"/> gave.</param>
    /// <param name="examined">The same.</param>
    /// <param name="receiving">A receive is under way: its place must not change.</param>
    public void Advance(SequencePosition consumed, SequencePosition examined, bool receiving)
    {
        // Positions are indexes into the array; the top bit is the sequence's own mark.
        _start = consumed.GetInteger() & int.MaxValue;
        _examined = Math.Max(examined.GetInteger() & int.MaxValue, _start);
        if (_start == _end && !receiving)
        {
            _start = _end = _examined = 0;
        }
    }

    /// <summary>Sees to it that something can be received.</summary>
    /// <param name="source">The socket; asked only whether bytes wait in it.</param>
    public void MakeRoom(Socket source)
    {
        if (_bytes is null)
        {
            _bytes = ArrayPool<byte>.Shared.Rent(Small);
            return;
        }

        if (_start == _end)
        {
            _start = _end = _examined = 0;
            if (_bytes.Length > Small && source.Available == 0)
            {
                // The wait for what comes next may be long: not with the large array of the upload before.
                ArrayPool<byte>.Shared.Return(_bytes);
                _bytes = ArrayPool<byte>.Shared.Rent(Small);
            }

            return;
        }

        if (_end < _bytes.Length)
        {
            return;
        }

        // Full. What is left moves to the front; when that frees little, or reads fill whole arrays, a larger one helps.
        var unread = _end - _start;
        var target = _bytes;
        if (unread > _bytes.Length / 2 || _bytes.Length < Large)
        {
            target = ArrayPool<byte>.Shared.Rent(Math.Max(Math.Min(_bytes.Length * 4, Large), unread * 2));
        }

        Buffer.BlockCopy(_bytes, _start, target, 0, unread);
        if (target != _bytes)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = target;
        }

        _examined -= _start;
        _start = 0;
        _end = unread;
    }

    /// <summary>Gives the array back; no receive may be under way.</summary>
    public void Return()
    {
        if (_bytes is { } bytes)
        {
            _bytes = null;
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
