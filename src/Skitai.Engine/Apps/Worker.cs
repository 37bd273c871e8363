using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Skitai.Engine.Logging;

namespace Skitai.Engine.Apps;

/// <summary>A live worker process as the pool sees it: its requests in hand and its channel.</summary>
internal sealed partial class Worker : IFrameReceiver, IAsyncDisposable
{
    private readonly AppPool _pool;
    private readonly WorkerProcess _process;
    private readonly WorkerChannel _channel;
    private readonly TimeProvider _time;
    private readonly AnswerHeadParser _heads = new();
    private readonly WorkerSlot[] _slots;
    private readonly Stack<int> _free;
    private readonly LookAhead _lookAhead = new();
    private readonly TaskCompletionSource<WorkerStart> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _threads;
    private long _lastProgress;
    private int _released;
    private bool _hasAppended;
    private bool _lost;

    public Worker(AppPool pool, WorkerProcess process)
    {
        _pool = pool;
        _process = process;
        _time = pool.Time;
        _threads = Math.Max(1, pool.Settings.Server.Threads);
        _slots = new WorkerSlot[_threads + LookAhead.Most];
        _free = new Stack<int>(_slots.Length);
        for (var i = _slots.Length - 1; i >= 0; i--)
        {
            _free.Push(i);
        }

        StartedAt = _time.GetUtcNow();
        StartedStamp = _time.GetTimestamp();
        _channel = new WorkerChannel(process.Socket, this);
    }

    public int Pid => _process.Pid;

    public Task<Skitai.Posix.ChildExit> Exited => _process.Exited;

    public DateTimeOffset StartedAt { get; }

    public long StartedStamp { get; }

    /// <summary>Done when the app is imported, has failed to be, or the process ended before.</summary>
    public Task<WorkerStart> Started => _started.Task;

    /// <summary>Requests that it has; the pool's lock guards it.</summary>
    public int InHand { get; set; }

    /// <summary>Requests that it was given; the pool's lock guards it.</summary>
    public long Given { get; set; }

    /// <summary>After so many requests it is replaced; 0 = never.</summary>
    public long MaxRequests { get; init; }

    /// <summary>Nothing new goes to it.</summary>
    public bool IsRetiring { get; private set; }

    /// <summary>The place that it has in the pool.</summary>
    public required WorkerSeat Seat { get; init; }

    /// <summary>Why the engine itself ended it; null = it did not.</summary>
    public string? EndReason { get; private set; }

    /// <summary>What it had in hand when it ended, for the log: one of them may be why. Empty = nothing.</summary>
    public string HadInHand { get; private set; } = "";

    /// <summary>How many requests it may have now. Under the pool's lock.</summary>
    public int Limit(long now)
    {
        if (InHand < _threads)
        {
            return _threads;
        }

        // Whatever the average says: when nothing has come back for a while, all its threads may be blocked.
        return _threads + (_time.GetElapsedTime(Volatile.Read(ref _lastProgress), now).Ticks < 3 * TimeSpan.TicksPerMillisecond
            ? _lookAhead.Extra
            : 0);
    }

    /// <summary>Starts the talk: LOAD goes out, HELLO and READY are awaited.</summary>
    public void Open(ReadOnlySpan<byte> load)
    {
        lock (_channel.Gate)
        {
            _channel.Append(Frame.Load, 0, 0, load);
        }

        _channel.Flush();
        _channel.Start();
    }

    /// <summary>Gives it a request. Under the pool's lock, <see cref="InHand"/> being below <see cref="Limit"/>.</summary>
    /// <returns>False: the worker is gone.</returns>
    public bool TryGive(AppRequest request, long now)
    {
        lock (_channel.Gate)
        {
            if (_lost || !_free.TryPop(out var index))
            {
                return false;
            }

            if (InHand == 0)
            {
                _lastProgress = now;
            }

            _slots[index] = new WorkerSlot { Request = request, InHand = true, Since = now };
            request.Worker = this;
            request.Slot = index;
            InHand++;
            if (++Given >= MaxRequests && MaxRequests > 0 && Given % MaxRequests == 0)
            {
                _ = Seat.ReplaceAsync("max_requests");
            }

            var flags = request.BodyComplete ? Frame.End : (byte)0;
            _channel.AppendWhole(Frame.Request, flags, (uint)index + 1, request.Frame.AsSpan(0, request.FrameLength));
        }

        return true;
    }

    /// <summary>Sends what was given. At once when the worker was idle; else together with what else comes right now.</summary>
    public void Flush(bool soon)
    {
        if (soon)
        {
            _channel.FlushSoon();
        }
        else
        {
            _channel.Flush();
        }
    }

    /// <summary>Nobody waits for this answer any more. The worker has it in hand until it says otherwise.</summary>
    public void Abort(AppRequest request)
    {
        lock (_channel.Gate)
        {
            ref var slot = ref _slots[request.Slot];
            if (slot.Request != request)
            {
                return;
            }

            slot.Description = Describe(request);
            slot.Request = null;
            _channel.Append(Frame.Abort, 0, (uint)request.Slot + 1, []);
        }

        _channel.Flush();
    }

    /// <summary>Sends a part of a request's body.</summary>
    /// <returns>False: the stream is over; nothing was sent.</returns>
    public bool SendData(AppRequest request, ReadOnlySpan<byte> data, bool end) =>
        Send(request, Frame.Data, end ? Frame.End : (byte)0, data);

    /// <summary>Gives credit for more of the answer.</summary>
    public void SendWindow(AppRequest request, int credit)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(payload, credit);
        Send(request, Frame.Window, 0, payload);
    }

    private bool Send(AppRequest request, byte type, byte flags, ReadOnlySpan<byte> payload)
    {
        lock (_channel.Gate)
        {
            if (_lost || _slots[request.Slot].Request != request)
            {
                return false;
            }

            _channel.Append(type, flags, (uint)request.Slot + 1, payload);
        }

        _channel.Flush();
        return true;
    }

    void IFrameReceiver.OnFrame(byte type, byte flags, uint stream, ReadOnlySpan<byte> payload, WakeList woken)
    {
        if (stream == 0)
        {
            OnConnectionFrame(type, payload);
            return;
        }

        AppRequest? request;
        var index = (int)(stream - 1);
        lock (_channel.Gate)
        {
            if ((uint)index >= (uint)_slots.Length || !_slots[index].InHand)
            {
                throw new ProtocolViolationException($"a frame of type {type} for stream {stream}, which is not open");
            }

            ref var slot = ref _slots[index];
            request = slot.Request;
            if (request is not null && Tell(request, type, flags, payload))
            {
                woken.Add(request);
            }

            if (type == Frame.File)
            {
                // We hold the file by our own descriptor by now.
                _channel.Append(Frame.FileDone, 0, stream, []);
                _hasAppended = true;
            }

            if ((flags & Frame.End) == 0 && type != Frame.Reset)
            {
                return;
            }

            _lookAhead.Completed(_time.GetElapsedTime(slot.Since));
            slot = default;
            _free.Push(index);
        }

        _released++;
    }

    void IFrameReceiver.OnBatchEnd()
    {
        var released = _released;
        if (released == 0 && !_hasAppended)
        {
            return;
        }

        _released = 0;
        _hasAppended = false;
        if (released > 0)
        {
            Volatile.Write(ref _lastProgress, _time.GetTimestamp());
            _pool.Release(this, released);
        }

        _channel.Flush();
    }

    private bool Tell(AppRequest request, byte type, byte flags, ReadOnlySpan<byte> payload)
    {
        var end = (flags & Frame.End) != 0;
        switch (type)
        {
            case Frame.Response:
                var length = BinaryPrimitives.ReadUInt32LittleEndian(payload);
                if (length > payload.Length - 4 || payload.Length - 4 - length > Frame.MaxData)
                {
                    throw new ProtocolViolationException("a RESPONSE whose lengths do not add up");
                }

                var head = _heads.Parse(payload.Slice(4, (int)length), out var fault);
                return request.TellResponse(head, fault, payload[(4 + (int)length)..], end);
            case Frame.AnswerData:
                return payload.Length <= Frame.MaxData
                    ? request.TellData(payload, end)
                    : throw new ProtocolViolationException("DATA of more than 64 KiB");
            case Frame.Reset:
                return request.TellFailure(AppOutcome.Reset, OutputText.Escape(System.Text.Encoding.UTF8.GetString(payload)));
            case Frame.AnswerWindow:
                request.TellWindow(BinaryPrimitives.ReadUInt32LittleEndian(payload));
                return false;
            case Frame.File:
                var number = BinaryPrimitives.ReadUInt32LittleEndian(payload);
                var offset = BinaryPrimitives.ReadInt64LittleEndian(payload[4..]);
                var size = BinaryPrimitives.ReadInt64LittleEndian(payload[12..]);
                return request.TellFile(OpenFile(number, offset, size), offset, size, end);
            default:
                throw new ProtocolViolationException($"a frame of the unknown type {type}");
        }
    }

    private SafeFileHandle? OpenFile(uint number, long offset, long size)
    {
        try
        {
            var file = File.OpenHandle($"/proc/{Pid}/fd/{number}", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (offset >= 0 && size >= 0 && RandomAccess.GetLength(file) >= offset + size)
            {
                return file;
            }

            file.Dispose();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // The answer is cut; the worker may say more.
        }

        return null;
    }

    private static string Describe(in WorkerSlot slot) => slot.Request is { } request ? Describe(request) : slot.Description ?? "";

    private static string Describe(AppRequest request) =>
        $"{request.Method} {OutputText.Escape(request.Url)} {request.TransactionId} {request.LocalTransactionId}";
}
