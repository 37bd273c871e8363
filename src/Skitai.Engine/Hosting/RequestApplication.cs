using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Skitai.Configuration.Settings;
using Skitai.Engine.Logging;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Hosting;

/// <summary>What Kestrel calls for each request: no host, no middleware, no endpoint routing in between.</summary>
[SuppressMessage("Design", "CA1001", Justification = "a token source without a timer has nothing to dispose of")]
internal sealed partial class RequestApplication(
    RouteTable routes, TrustedProxies proxies, InstanceLogs logs, Counters counters, TuneSettings tune, TimeProvider time)
    : IHttpApplication<Exchange>
{
    private static readonly StringValues ServerName = "skitaid", Close = "close";

    private readonly long _maxBodySize = tune.MaxBodySize;
    private volatile RouteTable _routes = routes;
    private readonly CancellationTokenSource _drain = new();
    private volatile bool _draining;

    /// <summary>Where requests go; those that come from now on are led by a new table.</summary>
    public RouteTable Routes
    {
        get => _routes;
        set => _routes = value;
    }

    /// <summary>How long an HTTP/2 stream may take nothing of its answer.</summary>
    public TimeSpan Patience { get; } = tune.ResponseTimeout;

    /// <summary>The clock.</summary>
    public TimeProvider Time => time;

    /// <summary>Whether every answer that begins is the last of its connection.</summary>
    public bool IsDraining => _draining;

    /// <summary>Cancelled by <see cref="Drain"/>. Whoever registers with it is short, and throws nothing.</summary>
    public CancellationToken Draining => _drain.Token;

    /// <summary>From now on every answer that begins is the last of its connection. May be called again.</summary>
    public void Drain()
    {
        _draining = true;
        _drain.Cancel();
    }

    public Exchange CreateContext(IFeatureCollection contextFeatures)
    {
        var kept = contextFeatures as IHostContextContainer<Exchange>;
        var exchange = kept?.HostContext ?? new Exchange();
        if (kept is not null)
        {
            kept.HostContext = exchange;
        }

        exchange.Begin(contextFeatures, this);
        exchange.StartedAt = Stopwatch.GetTimestamp();
        counters.Began();
        return exchange;
    }

    public Task ProcessRequestAsync(Exchange context)
    {
        var answering = AnswerAsync(context);
        return context.Http2Body is { } body && !(answering.IsCompletedSuccessfully && body.IsFlushed && !LateBody.MayCome(context))
            ? EndStreamAsync(answering, body, context)
            : answering;
    }

    private static async Task EndStreamAsync(Task answering, Http2Body body, Exchange context)
    {
        await answering;
        try
        {
            await body.FlushRestAsync();
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or InvalidOperationException)
        {
            return; // The stream was reset meanwhile.
        }

        if (LateBody.MayCome(context))
        {
            await LateBody.SkipStreamAsync(context);
        }
    }

    private Task AnswerAsync(Exchange context)
    {
        try
        {
            context.Response.Headers.Server = ServerName;
            if (_draining && context.IsHttp2)
            {
                // Its connection came while the others were told.
                context.Connection.SayGoAway();
            }

            var status = TakeUp(context);
            if (status != 0)
            {
                return RefuseAsync(context, status);
            }

            var handling = context.VirtualHost!.Table.HandleAsync(context);
            if (!handling.IsCompletedSuccessfully)
            {
                return AwaitAsync(handling, context);
            }

            var outcome = handling.Result;
            return outcome == MountOutcome.Handled ? Task.CompletedTask : NobodyAnsweredAsync(context, outcome);
        }
#pragma warning disable CA1031 // whatever a mount throws ends here
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return FailAsync(context, exception);
        }
    }

    public void DisposeContext(Exchange context, Exception? exception)
    {
        context.BytesSent -= context.Http2Body?.Lost ?? 0;
        logs.Requests.Write(context);
        counters.Ended(context.Response.StatusCode, context.BytesReceived, context.BytesSent);
        context.End();
    }

    /// <summary>Checks the request and finds out what it asks for.</summary>
    /// <returns>0, or the status that refuses it.</returns>
    private int TakeUp(Exchange exchange)
    {
        var headers = exchange.Request.Headers;
        if (!RequestCheck.HeadersAreValid(headers, exchange.Request.Protocol))
        {
            return StatusCodes.Status400BadRequest;
        }

        TakeTransaction(exchange, headers);
        var hostHeader = headers.Host.ToString();
        if (hostHeader.Length == 0 && exchange.Request.Protocol != "HTTP/1.0")
        {
            return StatusCodes.Status400BadRequest;
        }

        if (exchange.Connection.IsTrusted)
        {
            hostHeader = proxies.Apply(exchange, headers) ?? hostHeader;
        }

        if (!exchange.TakeHost(hostHeader, _routes))
        {
            return StatusCodes.Status400BadRequest;
        }

        if (exchange.Method is "CONNECT" or "TRACE" && !IsWebSocketConnect(exchange))
        {
            return StatusCodes.Status405MethodNotAllowed;
        }

        if (!exchange.TakeTarget(exchange.Request.RawTarget))
        {
            return StatusCodes.Status400BadRequest;
        }

        if (exchange.Path[0] == '*')
        {
            return exchange.Method == "OPTIONS" ? StatusCodes.Status204NoContent : StatusCodes.Status400BadRequest;
        }

        if (headers.ContentLength > _maxBodySize && _maxBodySize > 0)
        {
            return StatusCodes.Status413PayloadTooLarge;
        }

        return exchange.VirtualHost is not null ? 0 : StatusWithoutHost(exchange.Connection is { IsHttp2: true, IsTls: true });
    }

    /// <summary>
    /// What a name gets that no virtual host has. A client may use one HTTP/2 connection for every name of a certificate:
    /// 421 sends it to another (RFC 9110 section 15.5.20).
    /// </summary>
    internal static int StatusWithoutHost(bool overHttp2AndTls) =>
        overHttp2AndTls ? StatusCodes.Status421MisdirectedRequest : StatusCodes.Status404NotFound;

    /// <summary>A WebSocket's opening over HTTP/2 (RFC 8441).</summary>
    private static bool IsWebSocketConnect(Exchange exchange) =>
        exchange.IsHttp2 && exchange.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" };

    private static void TakeTransaction(Exchange exchange, IHeaderDictionary headers)
    {
        if (headers.TryGetValue("X-Gtxn-Id", out var given) && TransactionId.IsValid(given))
        {
            var local = headers.TryGetValue("X-Ltxn-Id", out var text)
                && int.TryParse(text, System.Globalization.NumberStyles.None, null, out var number) && number < 1_000_000_000 ? number : 0;
            exchange.TakeTransaction(given.ToString(), local + 1000);
        }
    }

    private async Task AwaitAsync(ValueTask<MountOutcome> handling, Exchange exchange)
    {
        try
        {
            var outcome = await handling;
            if (outcome != MountOutcome.Handled)
            {
                await NobodyAnsweredAsync(exchange, outcome);
            }
        }
#pragma warning disable CA1031 // whatever a mount throws ends here
        catch (Exception exception)
#pragma warning restore CA1031
        {
            await FailAsync(exchange, exception);
        }
    }

    private static Task NobodyAnsweredAsync(Exchange exchange, MountOutcome outcome)
    {
        if (outcome == MountOutcome.NotFound)
        {
            return StatusPage.WriteAsync(exchange, StatusCodes.Status404NotFound).AsTask();
        }

        exchange.Response.Headers.Allow = "GET, HEAD";
        return StatusPage.WriteAsync(exchange, StatusCodes.Status405MethodNotAllowed).AsTask();
    }

    private static async Task RefuseAsync(Exchange exchange, int status)
    {
        var headers = exchange.Response.Headers;
        if (status is StatusCodes.Status204NoContent or StatusCodes.Status405MethodNotAllowed)
        {
            headers.Allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
        }

        // After nonsense nothing that follows can be trusted to be a request.
        if (!exchange.IsHttp2 && status is StatusCodes.Status400BadRequest or StatusCodes.Status413PayloadTooLarge)
        {
            headers.Connection = Close;
        }

        await StatusPage.WriteAsync(exchange, status);
        if (status == StatusCodes.Status413PayloadTooLarge)
        {
            await LateBody.SkipRefusedAsync(exchange);
        }
    }

    private Task FailAsync(Exchange exchange, Exception exception)
    {
        var status = StatusCodes.Status500InternalServerError;
        switch (exception)
        {
            case BadHttpRequestException bad:
                status = bad.StatusCode;
                break;
            case IOException when RequestCheck.IsNonsense(exception):
                status = StatusCodes.Status400BadRequest;
                break;
            case ConnectionResetException or ConnectionAbortedException or OperationCanceledException or IOException
                when exchange.ClientGone.IsCancellationRequested:
                return Task.CompletedTask;
            default:
                LogFailure(logs.Server, exception, exchange.Method, exchange.Request.RawTarget, exchange.GlobalTransactionId, exchange.LocalTransactionId);
                break;
        }

        if (exchange.Response.HasStarted)
        {
            // The rest of the answer will not come: only a cut tells the client.
            exchange.Abort();
            return Task.CompletedTask;
        }

        var headers = exchange.Response.Headers;
        headers.Clear();
        headers.Server = ServerName;
        if (!exchange.IsHttp2 && status < 500)
        {
            headers.Connection = Close;
        }

        exchange.BytesSent = 0;
        return StatusPage.WriteAsync(exchange, status).AsTask();
    }

    [LoggerMessage(EventId = 101, Level = LogLevel.Error, Message = "{Method} {Target} failed ({GlobalId} {LocalId})")]
    private static partial void LogFailure(ILogger logger, Exception exception, string method, string target, string globalId, int localId);
}
