namespace Skitai.Engine.Proxy.Upstream.Http2;

/// <summary>One request over HTTP/2 and what watches over it, until its answer is disposed of.</summary>
internal sealed class Http2Exchange : IDisposable
{
    private enum Awaited : byte
    {
        Nothing,
        Answer,
        Body,
    }

    private readonly Http2Connections _connections;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _bodyStop = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource? _bodyDone;
    private bool _isOver;
    private Awaited _awaited = Awaited.Answer;
    private volatile bool _headDone;
    private volatile bool _bodyWaits;
    private long _sendingSince;
    private long _progressAt;
    private long _idleTimeout;

    /// <summary>Begins one.</summary>
    public Http2Exchange(Http2Connections connections)
    {
        _connections = connections;
        _progressAt = connections.Now;
        _idleTimeout = connections.IdleTimeout;
    }

    /// <summary>Where it is in the list of all; its owner's to set.</summary>
    public int Index { get; set; } = -1;

    /// <summary>Says that it is given up: by the caller, or for what <see cref="Fault"/> holds.</summary>
    public CancellationToken Stopped => _stop.Token;

    /// <summary>What it was given up for, if not by the caller.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>The header section of the answer is there.</summary>
    public void HeadDone()
    {
        _headDone = true;
        _awaited = Awaited.Nothing;
    }

    /// <summary>Somebody begins to wait for the answer's body.</summary>
    public void BeginWaiting()
    {
        Volatile.Write(ref _progressAt, _connections.Now);
        _awaited = Awaited.Body;
    }

    /// <summary>The answer's body may stand still for that long; zero = for ever.</summary>
    public void BePatient(TimeSpan idleTimeout) => Volatile.Write(ref _idleTimeout, _connections.Units(idleTimeout));

    /// <summary>Nobody waits any more.</summary>
    public void EndWaiting() => _awaited = Awaited.Nothing;

    /// <summary>Gives it up.</summary>
    public void Stop(Exception? fault)
    {
        lock (_lock)
        {
            if (_isOver)
            {
                return;
            }

            Fault ??= fault;
        }

        try
        {
            _stop.Cancel();
            _bodyStop.Cancel();
        }
        catch (Exception late) when (late is ObjectDisposedException or AggregateException)
        {
            // It is over just now, or somebody who was told could not bear it. Who calls may be a timer, which must not fail.
        }
    }

    /// <summary>Gives it up if a deadline is over.</summary>
    public void StopIfDue(long now)
    {
        if (Overdue(now) is { } fault)
        {
            Stop(fault);
        }
    }

    /// <summary>
    /// Sends the body as it comes. Again from its beginning when .NET asks for it again: that it does only when the member has
    /// said that it did not look at the request (REFUSED_STREAM, GOAWAY).
    /// </summary>
    public async Task SendBodyAsync(MemberBody body, Stream stream, CancellationToken cancellation)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task? before;
        lock (_lock)
        {
            if (_isOver)
            {
                throw new OperationCanceledException("there is no body to be sent any more");
            }

            before = _bodyDone?.Task;
            _bodyDone = done;
        }

        try
        {
            if (before is not null)
            {
                await before;
                if (!body.TryRewind())
                {
                    Stop(new MemberException(MemberFault.NoAnswer, neverLeft: true, "it refused the stream"));
                    throw new OperationCanceledException("the body is gone");
                }
            }

            // The client cancels when the member wants no more of it.
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(_bodyStop.Token, cancellation);
            await CopyAsync(body, stream, stop);
        }
        finally
        {
            _bodyWaits = false;
            done.SetResult();
        }
    }

    /// <summary>Waits until nobody looks at the request any more.</summary>
    public async ValueTask EndAsync()
    {
        Task? body;
        lock (_lock)
        {
            _isOver = true;
            body = _bodyDone?.Task;
        }

        if (body is { IsCompleted: false })
        {
            await _bodyStop.CancelAsync();
            await body;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Dispose();
        _bodyStop.Dispose();
    }

    private async Task CopyAsync(MemberBody body, Stream stream, CancellationTokenSource stop)
    {
        for (var left = body.Length; left != 0;)
        {
            var reading = ReadAsync(body, stop.Token);
            if (!reading.IsCompleted)
            {
                // Nothing is said of the member while the client takes its time.
                _bodyWaits = true;
                try
                {
                    await stream.FlushAsync(stop.Token);
                }
                catch
                {
                    // The body is its owner's again only when nobody reads it.
                    await stop.CancelAsync();
                    await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    throw;
                }
            }

            var piece = await reading;
            _bodyWaits = false;
            if (left > 0 && (piece.IsEmpty || (left -= piece.Length) < 0))
            {
                var fault = new RequestBodyException(new InvalidDataException("the request's body has not the length that its Content-Length says"));
                Stop(fault);
                throw fault;
            }

            if (piece.IsEmpty)
            {
                break;
            }

            Volatile.Write(ref _sendingSince, _connections.Now);
            try
            {
                await stream.WriteAsync(piece, stop.Token);
            }
            finally
            {
                Volatile.Write(ref _sendingSince, 0);
                Volatile.Write(ref _progressAt, _connections.Now);
            }
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadAsync(MemberBody body, CancellationToken stop)
    {
        try
        {
            return await body.ReadAsync(stop);
        }
        catch (Exception fault) when (!stop.IsCancellationRequested)
        {
            Stop(fault as RequestBodyException ?? new RequestBodyException(fault));
            throw;
        }
    }

    private MemberException? Overdue(long now)
    {
        var since = Volatile.Read(ref _sendingSince);
        if (since != 0 && IsOver(since, _headDone ? Volatile.Read(ref _idleTimeout) : _connections.ResponseTimeout))
        {
            return new MemberException(
                _headDone ? MemberFault.Stalled : MemberFault.AnswerTimeout, neverLeft: false, "it does not take the request");
        }

        return _awaited switch
        {
            Awaited.Answer when !_bodyWaits && since == 0 && IsOver(Volatile.Read(ref _progressAt), _connections.ResponseTimeout) =>
                new MemberException(MemberFault.AnswerTimeout, neverLeft: false, "no answer within the response timeout"),
            Awaited.Body when IsOver(Volatile.Read(ref _progressAt), Volatile.Read(ref _idleTimeout)) =>
                new MemberException(MemberFault.Stalled, neverLeft: false, "its answer stands still"),
            _ => null,
        };

        bool IsOver(long from, long patience) => patience > 0 && now - from >= patience;
    }
}
