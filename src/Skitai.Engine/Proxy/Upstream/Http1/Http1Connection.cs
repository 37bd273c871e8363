using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Net.Sockets;

namespace Skitai.Engine.Proxy.Upstream.Http1;

/// <summary>
/// One HTTP/1.1 connection to a member. Carries one exchange at a time; between two it is idle in its pool, where a receive
/// is under way already: that one notices when the member ends it, or brings the first bytes of the next answer.
/// </summary>
/// <remarks>
/// Who is in here at the same time: the request's own flow (sends, waits for the answer, reads it), the pump that sends the
/// request's body meanwhile, the receive's completion, and those who end it from outside (the sweep, a cancellation). The
/// latter close the socket and leave their reason in <see cref="_fault"/>; the flow finds it when its socket fails.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "Close and Free dispose of it all, at the right times")]
internal sealed partial class Http1Connection
{
    private enum State : byte
    {
        Busy,
        Idle,
        Closed,
    }

    private readonly Http1Connections _pool;
    private readonly DialedConnection _dialed;
    private readonly Socket _socket;
    private readonly SslStream? _tls;
    private readonly Lock _lock = new();
    private State _state;
    private bool _flowDone;
    private bool _freed;
    private Exception? _fault;
    private long _idleUntil;
    private CancellationToken _cancellation;

    /// <summary>Takes a connection over, for the first exchange.</summary>
    public Http1Connection(Http1Connections pool, DialedConnection dialed)
    {
        _pool = pool;
        _dialed = dialed;
        _socket = dialed.Socket;
        _tls = dialed.Tls;
        _receiving = new ReceiveArguments(this);
    }

    /// <summary>Where it is in the pool's list of all; the pool's to set.</summary>
    public int Index { get; set; } = -1;

    /// <summary>Whether it is over.</summary>
    public bool IsClosed => _state == State.Closed;

    /// <summary>Takes it for an exchange.</summary>
    /// <returns>False when the member has ended it meanwhile.</returns>
    public bool TryTake()
    {
        lock (_lock)
        {
            if (_state != State.Idle)
            {
                return false;
            }

            _state = State.Busy;
            _flowDone = false;
            return true;
        }
    }

    /// <summary>
    /// Asks the kernel whether something has come that we have not been told of yet. For a request that must not be sent
    /// in vain; between this and the send there is still room for bad luck.
    /// </summary>
    public bool HasNews()
    {
        try
        {
            return _socket.Poll(0, SelectMode.SelectRead);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }

    /// <summary>Taken, but not to be used after all.</summary>
    public void Discard()
    {
        _flowDone = true;
        End(null);
    }

    /// <summary>Whether a deadline is over; a quick look without the lock.</summary>
    public bool IsDue(long now) => Overdue(now) is not null;

    /// <summary>Ends it if a deadline is over.</summary>
    public void EndIfDue(long now)
    {
        Overrun? overrun;
        lock (_lock)
        {
            overrun = Overdue(now);
            if (overrun is null)
            {
                return;
            }

            // Within the lock: it cannot become another exchange's meanwhile.
            _state = State.Closed;
            _fault ??= Describe(overrun.Value);
        }

        Close();
    }

    /// <summary>Whether it is in its pool, unused.</summary>
    public bool IsIdle => _state == State.Idle;

    /// <summary>Ends it.</summary>
    /// <param name="because">What the exchange under way is to fail with; null = there is none, or it knows.</param>
    public void End(Exception? because)
    {
        lock (_lock)
        {
            if (_state == State.Closed)
            {
                return;
            }

            _state = State.Closed;
            _fault ??= because;
        }

        Close();
    }

    /// <summary>Ends it if it is idle.</summary>
    public void EndIfIdle()
    {
        lock (_lock)
        {
            if (_state != State.Idle)
            {
                return;
            }

            _state = State.Closed;
        }

        Close();
    }

    private enum Overrun
    {
        Idle,
        Answer,
        Body,
        Sending,
    }

    private Overrun? Overdue(long now)
    {
        switch (_state)
        {
            case State.Idle:
                return now >= _idleUntil ? Overrun.Idle : null;
            case State.Busy:
                if (_sendingSince is var since and not 0 && IsOver(now, since, _headDone ? Volatile.Read(ref _idleTimeout) : _pool.ResponseTimeout))
                {
                    return Overrun.Sending;
                }

                return _awaited switch
                {
                    Awaited.Answer when _requestSent && IsOver(now, _progressAt, _pool.ResponseTimeout) => Overrun.Answer,
                    Awaited.Body when IsOver(now, _progressAt, Volatile.Read(ref _idleTimeout)) => Overrun.Body,
                    _ => null,
                };
            default:
                return null;
        }

        static bool IsOver(long now, long since, long patience) => patience > 0 && now - since >= patience;
    }

    private MemberException? Describe(Overrun overrun) => overrun switch
    {
        Overrun.Answer => new MemberException(MemberFault.AnswerTimeout, neverLeft: false, "no answer within the response timeout"),
        Overrun.Body => new MemberException(MemberFault.Stalled, neverLeft: false, "its answer stands still"),
        Overrun.Sending => new MemberException(
            _headDone ? MemberFault.Stalled : MemberFault.AnswerTimeout, neverLeft: false, "it does not take the request"),
        _ => null,
    };

    private void OnCancelled()
    {
        lock (_lock)
        {
            // May come late, when the exchange it belonged to is over: then the token in force says no.
            if (_state != State.Busy || !_cancellation.IsCancellationRequested)
            {
                return;
            }

            _state = State.Closed;
            _fault ??= new OperationCanceledException(_cancellation);
        }

        Close();
    }

    /// <summary>The exchange is over and all of it was read: back to the pool, with a receive under way.</summary>
    private void GoIdle()
    {
        _out.Clear();
        _flowDone = true;
        _idleUntil = _pool.IdleUntil(_head.KeepAliveSeconds);
        var isGood = false;
        lock (_lock)
        {
            if (_state != State.Closed)
            {
                ShrinkInput();
                StartReceive();

                // If that is done at once, the member has ended it or talks out of turn.
                isGood = !_hasOutcome;
                _state = isGood ? State.Idle : State.Closed;
            }
        }

        if (isGood)
        {
            _pool.Return(this);
        }
        else
        {
            Close();
        }
    }

    /// <summary>Whoever has set the state to closed comes here, once.</summary>
    private void Close()
    {
        _pool.Forget(this);
        _dialed.Dispose();
        try
        {
            _bodyStop?.Cancel();
        }
        catch (AggregateException)
        {
            // Somebody who was told could not bear it. Who calls may be a timer, which must not fail.
        }

        _goAhead?.TrySetResult(false);
        Free();
    }

    /// <summary>Gives the arrays back, once nobody can look at them any more.</summary>
    private void Free()
    {
        lock (_lock)
        {
            if (_freed || !_flowDone || _isReceiving || _state != State.Closed)
            {
                return;
            }

            _freed = true;
        }

        _out.Return();
        ReturnInput();
        _receiving.Dispose();
    }
}
