using System.Buffers;
using System.Net;

namespace Skitai.Engine.Proxy.Upstream.Http2;

/// <summary>
/// HTTP/2 to one address, through .NET's client: many requests over few connections. What that one cannot do: trailers
/// behind a request's body are left out, and 1xx answers are not seen.
/// </summary>
internal sealed class Http2Connections : MemberConnections
{
    /// <summary>RFC 9113 section 7: the member has not begun to work on the request.</summary>
    private const long RefusedStream = 7;

    private static readonly SearchValues<char> s_lineBreak = SearchValues.Create('\0', '\r', '\n');

    private readonly Func<CancellationToken, ValueTask<DialedConnection>> _dial;
    private readonly IPEndPoint _address;
    private readonly bool _isSecure;
    private readonly Lock _lock = new();
    private readonly DeadlineSweep _sweep;
    private readonly List<Http2Exchange> _exchanges = [];
    private HandlerGeneration _generation;
    private int _open;
    private bool _disposed;

    /// <summary>Gets ready; nothing is connected yet.</summary>
    /// <param name="dial">Opens a connection on which HTTP/2 is spoken, or throws a <see cref="MemberException"/>.</param>
    /// <param name="address">Where that is.</param>
    /// <param name="isSecure">Whether over TLS.</param>
    /// <param name="responseTimeout">How long an answer may take to begin; zero = for ever.</param>
    /// <param name="idleTimeout">How long an answer that has begun may stand still; zero = for ever.</param>
    /// <param name="time">The clock.</param>
    public Http2Connections(
        Func<CancellationToken, ValueTask<DialedConnection>> dial,
        IPEndPoint address,
        bool isSecure,
        TimeSpan responseTimeout,
        TimeSpan idleTimeout,
        TimeProvider time)
    {
        _dial = dial;
        _address = address;
        _isSecure = isSecure;
        _sweep = new DeadlineSweep(time, Look, responseTimeout, idleTimeout);
        ResponseTimeout = _sweep.Units(responseTimeout);
        IdleTimeout = _sweep.Units(idleTimeout);
        _generation = new HandlerGeneration(ConnectAsync, isSecure);
    }

    /// <inheritdoc/>
    public override int Open => Volatile.Read(ref _open);

    /// <summary>The clock's reading.</summary>
    internal long Now => _sweep.Now;

    /// <summary>In the clock's units; 0 = for ever.</summary>
    internal long ResponseTimeout { get; }

    /// <summary>In the clock's units; 0 = for ever.</summary>
    internal long IdleTimeout { get; }

    /// <summary>A span in the clock's units; 0 = for ever.</summary>
    internal long Units(TimeSpan span) => _sweep.Units(span);

    /// <inheritdoc/>
    public override async ValueTask<MemberAnswer> SendAsync(MemberRequest request, CancellationToken cancellation)
    {
        if (request.Upgrade is not null)
        {
            throw new MemberException(
                MemberFault.BadAnswer, neverLeft: true, $"it speaks HTTP/2 only, where no connection is upgraded to {request.Upgrade}");
        }

        if (request.Target == "*")
        {
            throw new MemberException(MemberFault.BadAnswer, neverLeft: true, "OPTIONS * cannot be asked over HTTP/2");
        }

        var exchange = new Http2Exchange(this);
        HttpRequestMessage? message = null;
        HandlerGeneration? generation = null;
        HttpResponseMessage response;
        try
        {
            message = Translate(request, exchange);
            generation = Begin(exchange, request.Authority);
            using var registration = cancellation.UnsafeRegister(static exchange => ((Http2Exchange)exchange!).Stop(null), exchange);
            response = await generation.Invoker.SendAsync(message, exchange.Stopped);
        }
        catch (Exception fault)
        {
            await exchange.EndAsync();
            message?.Dispose();
            End(exchange, generation);
            if (fault is HttpRequestException or OperationCanceledException or IOException)
            {
                cancellation.ThrowIfCancellationRequested();
                throw Explain(fault, exchange, within: false);
            }

            throw;
        }

        exchange.HeadDone();
        var answer = new Http2Answer(this, exchange, generation, message, response);
        try
        {
            answer.Take(isHead: request.Method == "HEAD");
            return answer;
        }
        catch
        {
            await answer.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        HandlerGeneration? over;
        lock (_lock)
        {
            if (_disposed)
            {
                return ValueTask.CompletedTask;
            }

            _disposed = true;
            over = _generation.Retire() ? _generation : null;
            if (_exchanges.Count == 0)
            {
                _sweep.Dispose();
            }
        }

        over?.Invoker.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>A request is over; nobody looks at it any more.</summary>
    internal void End(Http2Exchange exchange, HandlerGeneration? generation)
    {
        var isOver = false;
        lock (_lock)
        {
            if (exchange.Index >= 0)
            {
                var last = _exchanges[^1];
                _exchanges[exchange.Index] = last;
                last.Index = exchange.Index;
                _exchanges.RemoveAt(_exchanges.Count - 1);
                exchange.Index = -1;
            }

            if (generation is not null)
            {
                isOver = generation.Leave();
            }

            if (_disposed && _exchanges.Count == 0)
            {
                _sweep.Dispose();
            }
        }

        exchange.Dispose();
        if (isOver)
        {
            generation!.Invoker.Dispose();
        }
    }

    /// <summary>Says in our words what has happened.</summary>
    /// <param name="fault">What the client threw.</param>
    /// <param name="exchange">For which request.</param>
    /// <param name="within">Whether the answer had begun.</param>
    internal static Exception Explain(Exception fault, Http2Exchange exchange, bool within)
    {
        if (exchange.Fault is { } known)
        {
            return known;
        }

        HttpProtocolException? protocol = null;
        var error = HttpRequestError.Unknown;
        for (var cause = fault; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case MemberException ours:
                    return new MemberException(ours.Fault, ours.NeverLeft, ours.Message, fault);
                case ProtocolChangedException changed:
                    return changed;
                case HttpProtocolException code:
                    protocol = code;
                    break;
                case HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } request:
                    error = request.HttpRequestError;
                    break;
                case HttpIOException io:
                    error = io.HttpRequestError;
                    break;
            }
        }

        if (!within && protocol?.ErrorCode == RefusedStream)
        {
            return new MemberException(MemberFault.NoAnswer, neverLeft: true, "it refused the stream", fault);
        }

        if (within)
        {
            return new MemberException(
                MemberFault.BrokenOff, neverLeft: false, protocol is null ? "the connection ended within the answer's body" : $"the answer's body broke off: {protocol.Message}", fault);
        }

        return error switch
        {
            HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError =>
                new MemberException(MemberFault.CannotConnect, neverLeft: true, $"cannot connect: {fault.Message}", fault),
            HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded =>
                new MemberException(MemberFault.BadAnswer, neverLeft: false, $"what it sent is no answer: {fault.Message}", fault),
            _ => new MemberException(
                MemberFault.NoAnswer,
                neverLeft: false,
                protocol is null ? "the connection ended before an answer began" : $"it broke the stream off: {protocol.Message}",
                fault),
        };
    }

    private HandlerGeneration Begin(Http2Exchange exchange, string authority)
    {
        HandlerGeneration? over = null;
        HandlerGeneration generation;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_generation.TryUse(authority))
            {
                over = _generation.Retire() ? _generation : null;
                _generation = new HandlerGeneration(ConnectAsync, _isSecure);
                _generation.TryUse(authority);
            }

            generation = _generation;
            exchange.Index = _exchanges.Count;
            _exchanges.Add(exchange);
            _sweep.Set(DeadlineSweep.Pace.Quick);
        }

        over?.Invoker.Dispose();
        return generation;
    }

    private async ValueTask<Stream> ConnectAsync(CancellationToken cancellation)
    {
        var dialed = await _dial(cancellation);
        Interlocked.Increment(ref _open);
        dialed.Transport.WhenClosed(() => Interlocked.Decrement(ref _open));
        return dialed.Stream;
    }

    private HttpRequestMessage Translate(MemberRequest request, Http2Exchange exchange)
    {
        if (!request.Target.StartsWith('/'))
        {
            throw new ArgumentException($"a target is not in origin form: {request.Target}", nameof(request));
        }

        // As it is: a path is the member's to understand, dots, doubled slashes and escapes included.
        var uri = new Uri(
            $"{(_isSecure ? "https" : "http")}://{_address}{request.Target}",
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var message = new HttpRequestMessage(HttpMethod.Parse(request.Method), uri)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (request.Body is { } body)
        {
            message.Content = new BodyContent(body, exchange);
            if (request.ExpectsContinue && body.Length != 0)
            {
                message.Headers.ExpectContinue = true;
            }
        }

        message.Headers.TryAddWithoutValidation("Host", request.Authority);
        foreach (ref readonly var line in request.Headers.Lines)
        {
            if (line.Value.AsSpan().ContainsAny(s_lineBreak))
            {
                throw new ArgumentException("a line break or NUL within a request's header section", nameof(request));
            }

            if (!message.Headers.TryAddWithoutValidation(line.Name, line.Value))
            {
                // .NET counts it to the body.
                message.Content ??= new BodyContent(null, exchange);
                message.Content.Headers.TryAddWithoutValidation(line.Name, line.Value);
            }
        }

        if (request.TakesTrailers)
        {
            message.Headers.TryAddWithoutValidation("TE", "trailers");
        }

        return message;
    }

    private void Look()
    {
        Http2Exchange[] all;
        lock (_lock)
        {
            _sweep.Set(_exchanges.Count == 0 ? DeadlineSweep.Pace.Off : DeadlineSweep.Pace.Quick);
            all = [.. _exchanges];
        }

        var now = Now;
        foreach (var exchange in all)
        {
            exchange.StopIfDue(now);
        }
    }
}
