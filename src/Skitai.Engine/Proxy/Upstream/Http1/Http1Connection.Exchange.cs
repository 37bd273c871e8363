using System.Runtime.CompilerServices;

namespace Skitai.Engine.Proxy.Upstream.Http1;

/// <content>One request and its answer.</content>
internal sealed partial class Http1Connection
{
    /// <summary>The most 1xx answers before the final one.</summary>
    private const int MostInterim = 100;

    private enum Awaited : byte
    {
        Nothing,
        Answer,
        Body,
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
    /// <param name="mayRepeat">Whether it may be sent again when the connection turns out to be dead.</param>
    /// <param name="cancellation">Gives it up.</param>
    /// <returns>Null when the connection ended without a sign of an answer, and it may be repeated.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Http1Answer?> ExchangeAsync(MemberRequest request, bool mayRepeat, CancellationToken cancellation)
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
                    if (WhyNoAnswer(mayRepeat) is { } fault)
                    {
                        throw fault;
                    }

                    await GiveUpAsync(null);
                    return null;
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
            _awaited = Awaited.Nothing;
            _cancellation = default;
            registration.Unregister();
        }
    }

    /// <summary>As <see cref="MemberAnswer.BePatient"/>.</summary>
    public void BePatient(TimeSpan idleTimeout) => Volatile.Write(ref _idleTimeout, _pool.Units(idleTimeout));

    /// <summary>The answer is disposed of: back to the pool if all is as it should be, else this is the end.</summary>
    public ValueTask FinishAsync()
    {
        if (_awaited != Awaited.Nothing)
        {
            // Somebody still reads: that fails, and may look at the arrays until it has noticed.
            End(null);
            return ValueTask.CompletedTask;
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

    /// <summary>The kernel has the last bytes of the body and only the pump does not know it yet.</summary>
    private async ValueTask FinishBehindPumpAsync()
    {
        if (_pump is { } pump)
        {
            await pump;
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
    /// <returns>What that is; null = try again.</returns>
    private Exception? WhyNoAnswer(bool mayRepeat)
    {
        if (_fault is { } fault)
        {
            return fault;
        }

        if (_answerBegan)
        {
            return new MemberException(MemberFault.BrokenOff, neverLeft: false, "the connection ended within the answer's header section");
        }

        if (mayRepeat)
        {
            return null;
        }

        return _sentAny
            ? new MemberException(MemberFault.NoAnswer, neverLeft: false, "the connection ended before an answer began")
            : new MemberException(MemberFault.NoAnswer, neverLeft: true, "the connection ended before the request was sent");
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
