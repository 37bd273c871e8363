using System.Runtime.CompilerServices;

namespace Skitai.Engine.Proxy.Upstream.Http1;

/// <content>One request and its answer.</content>
internal sealed partial class Http1Connection
{
    /// <summary>The most 1xx answers before the final one.</summary>
    private const int MostInterim = 100;

    /// <summary>How long an answer that is over waits for the pump, so that the connection can be kept.</summary>
    private static readonly TimeSpan s_pumpTime = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether a request goes out again when its connection ends without a sign of an answer.</summary>
    internal enum Repeats : byte
    {
        /// <summary>No: the connection is new, and another new one would do no better.</summary>
        No,

        /// <summary>The connection was idle: only if not a byte of the request was sent (RFC 9110 section 9.2.2).</summary>
        IfNeverSent,

        /// <summary>The connection was idle, and the request may be sent twice.</summary>
        Yes,
    }

    private enum Awaited : byte
    {
        Nothing,
        Answer,
        Body,

        /// <summary>The body, by a read that waits although the answer is disposed of.</summary>
        Forsaken,
    }

    private enum Framing : byte
    {
        Length,
        Chunked,
        Trailers,
        UntilClose,
        Ended,
        Broken,
    }

    private readonly AnswerHead _head = new();
    private volatile Awaited _awaited;
    private int _forsakenBy;
    private volatile bool _headDone;
    private bool _answerBegan;
    private bool _keepsOpen;
    private Framing _framing;
    private ChunkDecoder _chunks;
    private TrailerSection? _trailers;
    private long _bodyLeft;
    private long _progressAt;
    private long _idleTimeout;

    /// <summary>Sends a request and waits for the answer's header section.</summary>
    /// <param name="request">The request.</param>
    /// <param name="repeats">Whether it may be sent again when the connection turns out to be dead.</param>
    /// <param name="cancellation">Gives it up.</param>
    /// <returns>Null when the connection ended without a sign of an answer, and the request, its body rewound, is to be repeated.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Http1Answer?> ExchangeAsync(MemberRequest request, Repeats repeats, CancellationToken cancellation)
    {
        _head.Begin();
        _requestSent = _sendsLast = _headDone = _sentAny = _answerBegan = _sendFailed = false;
        Volatile.Write(ref _idleTimeout, _pool.IdleTimeout);
        _goAhead = null;
        _pump = null;
        CancellationTokenRegistration registration = default;
        if (cancellation.CanBeCanceled)
        {
            _cancellation = cancellation;
            registration = cancellation.UnsafeRegister(static connection => ((Http1Connection)connection!).OnCancelled(), this);
        }

        try
        {
            StartSending(request);
            _awaited = Awaited.Answer;
            for (var interim = 0; ;)
            {
                if (TryParseHead())
                {
                    if (_head.Status is 101 or >= 200)
                    {
                        break;
                    }

                    if (++interim > MostInterim)
                    {
                        throw BadAnswer.Because("too many interim answers");
                    }

                    await TakeInterimAsync(request.Interim, cancellation);
                    continue;
                }

                if (await ReceiveAsync() != Received.Bytes)
                {
                    var fault = WhyNoAnswer(repeats != Repeats.No);
                    if (fault is not MemberException { WasIdle: true, NeverLeft: var neverLeft }
                        || !(neverLeft || repeats == Repeats.Yes))
                    {
                        throw fault;
                    }

                    await GiveUpAsync(null);
                    return request.Body?.TryRewind() == false ? throw fault : null;
                }
            }

            return Accept(request);
        }
        catch (Exception fault)
        {
            await GiveUpAsync(fault);
            throw;
        }
        finally
        {
            _cancellation = default;
            registration.Unregister();
            _awaited = Awaited.Nothing;
        }
    }

    /// <summary>As <see cref="MemberAnswer.BePatient"/>.</summary>
    public void BePatient(TimeSpan idleTimeout) => Volatile.Write(ref _idleTimeout, _pool.Units(idleTimeout));

    /// <summary>The answer is disposed of: back to the pool if all is as it should be, else this is the end.</summary>
    public ValueTask FinishAsync()
    {
        if (_awaited == Awaited.Body)
        {
            Volatile.Write(ref _forsakenBy, 0);
            if (Interlocked.CompareExchange(ref _awaited, Awaited.Forsaken, Awaited.Body) == Awaited.Body)
            {
                return ForsakeAsync();
            }
        }

        // What is here already is not worth a new connection.
        while (_framing != Framing.Ended && _start < _end && TryReadBody(out _))
        {
        }

        if (_framing == Framing.Ended && _keepsOpen && _requestSent && !_sendFailed && _start == _end && _state == State.Busy)
        {
            GoIdle();
            return ValueTask.CompletedTask;
        }

        return _framing == Framing.Ended && _keepsOpen && _sendsLast && !_requestSent ? FinishBehindPumpAsync() : GiveUpAsync(null);
    }

    /// <summary>
    /// The last bytes of the body are being sent: most likely the kernel has them, and only the pump does not know it yet. Or
    /// the member has answered early and takes no more: nobody waits long for that.
    /// </summary>
    private async ValueTask FinishBehindPumpAsync()
    {
        if (_pump is { } pump)
        {
            try
            {
                await pump.WaitAsync(s_pumpTime, _pool.Time);
            }
            catch (TimeoutException)
            {
                await GiveUpAsync(null);
                return;
            }
        }

        _sendsLast = false;
        await FinishAsync();
    }

    /// <summary>Ends the connection, and waits until nobody looks at the request any more.</summary>
    private async ValueTask GiveUpAsync(Exception? fault)
    {
        End(fault);
        if (_pump is { } pump)
        {
            await pump;
        }

        _flowDone = true;
        Free();
    }

    /// <summary>Somebody still reads: that fails, and looks at the arrays until it has noticed.</summary>
    private async ValueTask ForsakeAsync()
    {
        End(null);
        if (_pump is { } pump)
        {
            await pump;
        }

        EndForsaken();
    }

    /// <summary>Called by the flow and by the read that it has forsaken; the second of them is the last that looks at the arrays.</summary>
    private void EndForsaken()
    {
        if (Interlocked.Increment(ref _forsakenBy) == 2)
        {
            _flowDone = true;
            Free();
        }
    }

    private bool TryParseHead()
    {
        if (_start == _end)
        {
            return false;
        }

        _answerBegan = true;
        var isComplete = _head.Parse(_input.AsSpan(_start, _end - _start), out var consumed);
        _start += consumed;
        return isComplete;
    }

    private async ValueTask TakeInterimAsync(IInterimAnswers? receiver, CancellationToken cancellation)
    {
        if (_head.Status == 100)
        {
            _goAhead?.TrySetResult(true);
        }

        if (receiver is not null)
        {
            // The time that the client needs for it is not the member's.
            _awaited = Awaited.Nothing;
            var before = _pool.Now;
            await receiver.TakeAsync(_head.Status, _head.Headers, cancellation);
            _progressAt += _pool.Now - before;
            _awaited = Awaited.Answer;
        }

        _head.Begin();
    }

    /// <summary>The connection failed before the header section was complete.</summary>
    private Exception WhyNoAnswer(bool wasIdle)
    {
        if (_fault is { } fault)
        {
            return fault;
        }

        if (_answerBegan)
        {
            return new MemberException(MemberFault.BrokenOff, neverLeft: false, "the connection ended within the answer's header section");
        }

        var what = !_sentAny ? "the connection ended before the request was sent"
            : wasIdle ? "the connection, which had been idle, ended before an answer began"
            : "the connection ended before an answer began";
        return new MemberException(MemberFault.NoAnswer, neverLeft: !_sentAny, what) { WasIdle = wasIdle };
    }

    private Http1Answer Accept(MemberRequest request)
    {
        var status = _head.Status;
        _headDone = true;
        _goAhead?.TrySetResult(status < 300);
        _keepsOpen = _head.KeepsConnection;
        _bodyLeft = 0;
        _trailers?.Clear();
        if (status == 101)
        {
            if (request.Upgrade is null)
            {
                throw BadAnswer.Because("it switches protocols without having been asked");
            }

            _keepsOpen = false;
            _framing = Framing.Ended;
        }
        else if (status is 204 or 304 || request.Method == "HEAD")
        {
            // A 204 that announces a body may well send one: nobody knows where the next answer begins.
            _keepsOpen &= status != 204 || (!_head.IsChunked && _head.ContentLength <= 0);
            _framing = Framing.Ended;
        }
        else if (_head.IsChunked)
        {
            _chunks = default;
            _framing = Framing.Chunked;
        }
        else if (_head.ContentLength >= 0)
        {
            _bodyLeft = _head.ContentLength;
            _wantsLarge |= _bodyLeft - (_end - _start) > SmallInput;
            _framing = _bodyLeft == 0 ? Framing.Ended : Framing.Length;
        }
        else
        {
            _framing = Framing.UntilClose;
            _keepsOpen = false;
        }

        return new Http1Answer(this, _head, _framing is Framing.Chunked or Framing.UntilClose ? -1 : _bodyLeft);
    }
}
