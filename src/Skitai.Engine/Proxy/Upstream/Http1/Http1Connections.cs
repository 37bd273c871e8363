using System.Runtime.CompilerServices;

namespace Skitai.Engine.Proxy.Upstream.Http1;

/// <summary>
/// The HTTP/1.1 connections to one address. Idle ones are taken last in, first out: so few stay warm, and the others run
/// out of time. One that the member has ended is noticed at once, since each has a receive under way; what is sent into
/// the moment between is sent again over a new connection where nobody can mind.
/// </summary>
internal sealed class Http1Connections : MemberConnections
{
    /// <summary>How long an idle connection is kept if the member does not say less: below what most servers do, 60 to 75 s.</summary>
    private static readonly TimeSpan s_idleTime = TimeSpan.FromSeconds(30);

    private readonly Func<CancellationToken, ValueTask<DialedConnection>> _dial;
    private readonly Lock _lock = new();
    private readonly DeadlineSweep _sweep;
    private readonly List<Http1Connection> _all = [];
    private readonly List<Http1Connection> _idle = [];
    private readonly long _idleTime;
    private readonly long _second;
    private bool _disposed;

    /// <summary>Gets ready; nothing is connected yet.</summary>
    /// <param name="dial">Opens a connection, or throws a <see cref="MemberException"/>.</param>
    /// <param name="responseTimeout">How long an answer may take to begin; zero = for ever.</param>
    /// <param name="idleTimeout">How long an answer that has begun may stand still; zero = for ever.</param>
    /// <param name="time">The clock.</param>
    public Http1Connections(
        Func<CancellationToken, ValueTask<DialedConnection>> dial, TimeSpan responseTimeout, TimeSpan idleTimeout, TimeProvider time)
    {
        _dial = dial;
        Time = time;
        _sweep = new DeadlineSweep(time, Look, responseTimeout, idleTimeout);
        ResponseTimeout = _sweep.Units(responseTimeout);
        IdleTimeout = _sweep.Units(idleTimeout);
        _idleTime = _sweep.Units(s_idleTime);
        _second = _sweep.Units(TimeSpan.FromSeconds(1));
    }

    /// <inheritdoc/>
    public override int Open => _all.Count;

    /// <summary>The clock.</summary>
    internal TimeProvider Time { get; }

    /// <summary>The clock's reading.</summary>
    internal long Now => _sweep.Now;

    /// <summary>In the clock's units; 0 = for ever.</summary>
    internal long ResponseTimeout { get; }

    /// <summary>In the clock's units; 0 = for ever.</summary>
    internal long IdleTimeout { get; }

    /// <summary>A span in the clock's units; 0 = for ever.</summary>
    internal long Units(TimeSpan span) => _sweep.Units(span);

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<MemberAnswer> SendAsync(MemberRequest request, CancellationToken cancellation)
    {
        var isIdempotent = request.IsIdempotent;
        if (TakeIdle(isIdempotent && request.Body is null) is { } connection
            && await connection.ExchangeAsync(request, isIdempotent ? Http1Connection.Repeats.Yes : Http1Connection.Repeats.IfNeverSent, cancellation) is { } answer)
        {
            return answer;
        }

        // None there, or it was dead: then the others are not to be trusted either.
        var fresh = Add(await _dial(cancellation));
        return (await fresh.ExchangeAsync(request, Http1Connection.Repeats.No, cancellation))!;
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        Http1Connection[] all;
        lock (_lock)
        {
            _disposed = true;
            all = [.. _all];
            if (all.Length == 0)
            {
                _sweep.Dispose();
            }
        }

        foreach (var connection in all)
        {
            connection.EndIfIdle();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Sends a request over a connection that somebody else has opened.</summary>
    internal async ValueTask<MemberAnswer> SendAsync(DialedConnection dialed, MemberRequest request, CancellationToken cancellation) =>
        (await Add(dialed).ExchangeAsync(request, Http1Connection.Repeats.No, cancellation))!;

    private Http1Connection Add(DialedConnection dialed)
    {
        var connection = new Http1Connection(this, dialed);
        lock (_lock)
        {
            if (_disposed && _all.Count == 0)
            {
                dialed.Dispose();
                throw new ObjectDisposedException(nameof(Http1Connections));
            }

            connection.Index = _all.Count;
            _all.Add(connection);
            _sweep.Set(DeadlineSweep.Pace.Quick);
        }

        return connection;
    }

    /// <summary>Until when a connection that becomes idle now may be kept.</summary>
    /// <param name="keepAliveSeconds">What the member says of it; -1 = nothing.</param>
    internal long IdleUntil(int keepAliveSeconds)
    {
        // A little less than it says: it counts from when it has sent its answer.
        var time = keepAliveSeconds < 0 ? _idleTime : Math.Min(_idleTime, keepAliveSeconds <= 1 ? _second / 2 : (keepAliveSeconds - 1) * _second);
        return Now + time;
    }

    /// <summary>A connection has become idle.</summary>
    internal void Return(Http1Connection connection)
    {
        lock (_lock)
        {
            if (!_disposed && connection.Index >= 0)
            {
                _idle.Add(connection);
                return;
            }
        }

        connection.EndIfIdle();
    }

    /// <summary>A connection is over.</summary>
    internal void Forget(Http1Connection connection)
    {
        lock (_lock)
        {
            if (connection.Index < 0)
            {
                return;
            }

            var last = _all[^1];
            _all[connection.Index] = last;
            last.Index = connection.Index;
            _all.RemoveAt(_all.Count - 1);
            connection.Index = -1;
            var at = _idle.LastIndexOf(connection);
            if (at >= 0)
            {
                _idle.RemoveAt(at);
            }

            if (_disposed && _all.Count == 0)
            {
                _sweep.Dispose();
            }
        }
    }

    private Http1Connection? TakeIdle(bool repeatsCheaply)
    {
        while (true)
        {
            Http1Connection connection;
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                if (_idle.Count == 0)
                {
                    return null;
                }

                connection = _idle[^1];
                _idle.RemoveAt(_idle.Count - 1);
                _sweep.Set(DeadlineSweep.Pace.Quick);
            }

            if (!connection.TryTake())
            {
                continue;
            }

            if (repeatsCheaply || !connection.HasNews())
            {
                return connection;
            }

            connection.Discard();
        }
    }

    private void Look()
    {
        var now = Now;
        List<Http1Connection>? due = null;
        lock (_lock)
        {
            foreach (var connection in _all)
            {
                if (connection.IsDue(now))
                {
                    (due ??= []).Add(connection);
                }
            }

            _sweep.Set(_all.Count == 0 ? DeadlineSweep.Pace.Off : _idle.Count == _all.Count ? DeadlineSweep.Pace.Slow : DeadlineSweep.Pace.Quick);
        }

        if (due is not null)
        {
            foreach (var connection in due)
            {
                connection.EndIfDue(now);
            }
        }
    }
}
