using System.Buffers.Binary;
using System.Net.Sockets;

namespace Skitai.Engine.Apps;

/// <summary>
/// The frame socket of one worker. Outgoing frames gather in a buffer and go in one send; incoming ones are parsed as
/// many as a receive brought. The requests that they complete are woken together, after the next receive is under way:
/// so whatever those do on this thread, the loop goes on without it.
/// </summary>
internal sealed class WorkerChannel : IThreadPoolWorkItem, IDisposable
{
    private const int ReceiveSize = 256 * 1024, KeptSendSize = 256 * 1024;

    private enum ReceiveState
    {
        Done,
        Pending,
        Closed,
    }

    private readonly Socket _socket;
    private readonly IFrameReceiver _receiver;
    private readonly SocketAsyncEventArgs _receiving = new(true);
    private readonly SocketAsyncEventArgs _sending = new(true);
    private byte[] _input = new byte[16 * 1024];
    private int _inputStart;
    private int _inputEnd;
    private byte[] _gathering = new byte[16 * 1024];
    private int _gathered;
    private byte[] _spare = new byte[16 * 1024];
    private int _sendEnd;
    private bool _isSending;
    private bool _closed;
    private int _flushScheduled;
    private WakeList? _spareList;

    public WorkerChannel(Socket socket, IFrameReceiver receiver)
    {
        _socket = socket;
        _receiver = receiver;
        _receiving.Completed += (_, _) => ReceiveLoop(completed: true);
        _sending.Completed += (_, _) => SendLoop(completed: true);
    }

    /// <summary>Guards what is gathered; the worker guards its slots with it too, so that a stream's frames stay in order.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Starts receiving.</summary>
    public void Start() => ReceiveLoop(completed: false);

    /// <summary>Adds a frame. Under <see cref="Gate"/>; nothing is sent before <see cref="Flush"/>.</summary>
    public void Append(byte type, byte flags, uint stream, ReadOnlySpan<byte> payload)
    {
        var room = Reserve(Frame.HeaderSize + payload.Length);
        Frame.WriteHeader(room, payload.Length, type, flags, stream);
        payload.CopyTo(room[Frame.HeaderSize..]);
    }

    /// <summary>Adds a frame that has room for its header in front. Under <see cref="Gate"/>.</summary>
    public void AppendWhole(byte type, byte flags, uint stream, ReadOnlySpan<byte> frame)
    {
        var room = Reserve(frame.Length);
        frame.CopyTo(room);
        Frame.WriteHeader(room, frame.Length - Frame.HeaderSize, type, flags, stream);
    }

    /// <summary>Sends what was gathered, unless a send is under way: that one takes it along.</summary>
    public void Flush()
    {
        lock (Gate)
        {
            if (_isSending || _gathered == 0 || _closed)
            {
                return;
            }

            _isSending = true;
        }

        SendLoop(completed: false);
    }

    /// <summary>
    /// Sends soon, behind what the thread pool has to do already: other requests that are ready now go in the same send.
    /// For a worker that is busy anyway.
    /// </summary>
    public void FlushSoon()
    {
        if (Volatile.Read(ref _flushScheduled) == 0 && Interlocked.Exchange(ref _flushScheduled, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        Volatile.Write(ref _flushScheduled, 0);
        Flush();
    }

    /// <summary>Closes the socket: to the worker that is its end.</summary>
    public void Close()
    {
        lock (Gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
        }

        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // It is closed at the other end already, or disposed of just now.
        }
    }

    public void Dispose()
    {
        Close();
        _socket.Dispose();
        _receiving.Dispose();
        _sending.Dispose();
    }

    private Span<byte> Reserve(int size)
    {
        if (_gathering.Length - _gathered < size)
        {
            Array.Resize(ref _gathering, Math.Max(_gathering.Length * 2, _gathered + size));
        }

        var room = _gathering.AsSpan(_gathered, size);
        _gathered += size;
        return room;
    }

    private void SendLoop(bool completed)
    {
        try
        {
            while (true)
            {
                if (completed)
                {
                    if (_sending.SocketError != SocketError.Success)
                    {
                        Close(); // the receive loop then finds the end, and says so
                        return;
                    }

                    var sent = _sending.Offset + _sending.BytesTransferred;
                    if (sent < _sendEnd)
                    {
                        _sending.SetBuffer(sent, _sendEnd - sent);
                        if (_socket.SendAsync(_sending))
                        {
                            return;
                        }

                        continue;
                    }
                }

                lock (Gate)
                {
                    if (_gathered == 0 || _closed)
                    {
                        _isSending = false;
                        return;
                    }

                    var next = _gathering;
                    _sendEnd = _gathered;
                    _gathering = _spare.Length <= KeptSendSize ? _spare : new byte[16 * 1024];
                    _spare = next;
                    _gathered = 0;
                }

                _sending.SetBuffer(_spare, 0, _sendEnd);
                if (_socket.SendAsync(_sending))
                {
                    return;
                }

                completed = true;
            }
        }
        catch (ObjectDisposedException)
        {
            // Disposed meanwhile: whoever did it knows.
        }
    }

    private void ReceiveLoop(bool completed)
    {
        try
        {
            for (var turns = 0; ; turns++)
            {
                if (turns == 2)
                {
                    // There is always more already: not on the thread that polls the clients' sockets, too.
                    ThreadPool.UnsafeQueueUserWorkItem(static channel => channel.ReceiveLoop(completed: true), this, preferLocal: false);
                    return;
                }

                WakeList? woken = null;
                if (completed)
                {
                    if (_receiving.SocketError != SocketError.Success || _receiving.BytesTransferred == 0)
                    {
                        _receiver.OnEnd(null);
                        return;
                    }

                    _inputEnd += _receiving.BytesTransferred;
                    woken = Interlocked.Exchange(ref _spareList, null) ?? new WakeList();
                    Parse(woken);
                }

                var next = Receive();

                // From here on another thread may be in this loop, if it is pending. Closed or not: who was answered is woken.
                if (woken is not null)
                {
                    woken.Run();
                    _spareList = woken;
                }

                if (next == ReceiveState.Closed)
                {
                    _receiver.OnEnd(null);
                }

                if (next != ReceiveState.Done)
                {
                    return;
                }

                completed = true;
            }
        }
        catch (ProtocolViolationException violation)
        {
            _receiver.OnEnd(violation.Message);
        }
    }

    private ReceiveState Receive()
    {
        try
        {
            MakeRoom();
            _receiving.SetBuffer(_input, _inputEnd, _input.Length - _inputEnd);
            return _socket.ReceiveAsync(_receiving) ? ReceiveState.Pending : ReceiveState.Done;
        }
        catch (ObjectDisposedException)
        {
            return ReceiveState.Closed;
        }
    }

    private void Parse(WakeList woken)
    {
        try
        {
            while (_inputEnd - _inputStart >= Frame.HeaderSize)
            {
                var header = _input.AsSpan(_inputStart, Frame.HeaderSize);
                var length = BinaryPrimitives.ReadUInt32LittleEndian(header);
                if (length > Frame.MaxPayload)
                {
                    throw new ProtocolViolationException($"a frame of {length} bytes");
                }

                if (_inputEnd - _inputStart - Frame.HeaderSize < length)
                {
                    break;
                }

                var payload = _input.AsSpan(_inputStart + Frame.HeaderSize, (int)length);
                _inputStart += Frame.HeaderSize + (int)length;
                _receiver.OnFrame(header[4], header[5], BinaryPrimitives.ReadUInt32LittleEndian(header[8..]), payload, woken);
            }

            _receiver.OnBatchEnd();
        }
        catch (Exception violation) when (violation is ProtocolViolationException or ArgumentException)
        {
            woken.Run(); // those before it were answered
            throw violation as ProtocolViolationException ?? new ProtocolViolationException("a frame shorter than its type needs");
        }
    }

    private void MakeRoom()
    {
        var rest = _inputEnd - _inputStart;
        var needed = 16 * 1024;
        if (rest >= Frame.HeaderSize)
        {
            needed = Frame.HeaderSize + BinaryPrimitives.ReadInt32LittleEndian(_input.AsSpan(_inputStart));
        }

        // Small while little comes, larger when a receive fills it, as large as the frame under way needs.
        var size = _inputEnd == _input.Length && _input.Length < ReceiveSize ? _input.Length * 2 : _input.Length;
        size = size > ReceiveSize && needed <= ReceiveSize ? ReceiveSize : Math.Max(size, needed);
        if (size != _input.Length)
        {
            var other = new byte[size];
            _input.AsSpan(_inputStart, rest).CopyTo(other);
            _input = other;
        }
        else if (rest > 0 && _inputStart > 0)
        {
            _input.AsSpan(_inputStart, rest).CopyTo(_input);
        }

        _inputStart = 0;
        _inputEnd = rest;
    }
}
