using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Skitai.Configuration.Settings;
using Skitai.Engine.Caching;
using Skitai.Engine.Hosting;
using Skitai.Engine.Logging;
using Skitai.Engine.Proxy.Balancing;
using Skitai.Engine.Proxy.Upstream;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>Gives clients' requests to a cluster, as one of its mounts sees it, and its answers to the clients.</summary>
internal sealed partial class Forwarder : Origin
{
    private const string UnfitHead = "its header section cannot be passed on";

    private readonly string _path;
    private readonly string _prefix;
    private readonly Cluster _cluster;
    private readonly TuneSettings _tune;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly AnswerWriter _writer;

    /// <summary>Makes it.</summary>
    /// <param name="mount">Where the cluster is mounted.</param>
    /// <param name="cluster">The cluster.</param>
    /// <param name="tune">Limits for the client's side.</param>
    /// <param name="logger">Hears of failures.</param>
    /// <param name="time">The clock.</param>
    public Forwarder(Mount mount, Cluster cluster, TuneSettings tune, ILogger logger, TimeProvider time)
    {
        (_path, _prefix, _cluster, _tune, _logger, _time) = (mount.Path, mount.Prefix, cluster, tune, logger, time);
        _writer = new AnswerWriter(tune.ResponseTimeout, time);
    }

    /// <inheritdoc/>
    public override ClusterSettings Settings => _cluster.Settings;

    /// <inheritdoc/>
    public override void Entered() => _cluster.Entered();

    /// <inheritdoc/>
    public override void Left() => _cluster.Left();

    /// <inheritdoc/>
    public override ValueTask ForwardAsync(Exchange exchange, AnswerWitness witness) => AnswerAsync(exchange, witness);

    /// <summary>Forwards a request and writes the answer.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask AnswerAsync(Exchange exchange, AnswerWitness? witness)
    {
        var request = exchange.Forwarded ??= new ForwardedRequest(_logger);
        var gone = exchange.ClientGone;
        MemberAnswer? answer = null;
        ClientBody? body = null;
        try
        {
            request.Begin(exchange, _prefix, _cluster);
            request.Message.Interim = InterimAnswers.For(exchange);
            var upgrades = _cluster.Settings.Protocol != MemberProtocol.Http2;
            if (exchange.Method == "CONNECT")
            {
                if (!upgrades)
                {
                    await StatusPage.WriteAsync(exchange, StatusCodes.Status501NotImplemented);
                    return;
                }

                WebSocketConnect.Translate(request.Message);
            }
            else
            {
                request.Message.Body = body = TakeBody(exchange, request);
                request.Message.Upgrade = upgrades ? UpgradeProtocols.Of(exchange) : null;
            }

            answer = await request.SendAsync(gone);
            witness?.See(exchange, answer);
            if (_cluster.Settings.Sticky)
            {
                KeepAt(request, exchange, answer.Headers);
            }

            var isBadHandshake = exchange.Method == "CONNECT" && !WebSocketConnect.IsProper(request.Message, answer);
            if (isBadHandshake || !AnswerWriter.TryWriteHead(exchange, answer))
            {
                request.TellCut(isBadHandshake ? "no WebSocket's opening handshake" : UnfitHead);
                await StatusPage.WriteAsync(exchange, StatusCodes.Status502BadGateway);
            }
            else if (answer.Status == StatusCodes.Status101SwitchingProtocols)
            {
                await RunTunnelAsync(exchange, request, answer, gone);
            }
            else
            {
                await _writer.WriteBodyAsync(exchange, answer, gone);
            }
        }
        catch (OriginException fault)
        {
            await RefuseAsync(exchange, fault);
        }
        catch (MemberException)
        {
            if (!GrpcStatus.TryEnd(exchange, GrpcStatus.Unavailable, "the server's answer broke off"))
            {
                exchange.Abort(); // a proper end would be a lie
            }
        }
        catch (RequestBodyException fault)
        {
            await RefuseBodyAsync(exchange, fault.InnerException!);
        }
        catch (OperationCanceledException)
        {
            exchange.Abort();
        }
        finally
        {
            try
            {
                if (answer is not null)
                {
                    await answer.DisposeAsync();
                }
            }
            finally
            {
                body?.Dispose();
                exchange.AnsweredBy = request.AnsweredBy;
                request.End();
            }
        }
    }

    /// <inheritdoc/>
    public override OriginRequest Detach(Exchange exchange)
    {
        var request = new ForwardedRequest(_logger);
        request.Begin(exchange, _prefix, _cluster);
        return request;
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(Exchange exchange, OriginRequest request, MemberAnswer answer)
    {
        var forwarded = (ForwardedRequest)request;
        if (_cluster.Settings.Sticky)
        {
            KeepAt(forwarded, exchange, answer.Headers);
        }

        if (AnswerWriter.TryWriteHead(exchange, answer))
        {
            return _writer.WriteBodyAsync(exchange, answer, exchange.ClientGone);
        }

        forwarded.TellCut(UnfitHead);
        return StatusPage.WriteAsync(exchange, StatusCodes.Status502BadGateway);
    }

    /// <inheritdoc/>
    public override ValueTask WriteInterimAsync(Exchange exchange, int status, HeaderList headers, CancellationToken cancellation) =>
        InterimAnswers.For(exchange)?.TakeAsync(status, headers, cancellation) ?? default;

    /// <inheritdoc/>
    public override ValueTask RefuseAsync(Exchange exchange, OriginException fault)
    {
        TellRefused(exchange, fault.Status, fault.Message);
        if (fault.Status == StatusCodes.Status503ServiceUnavailable)
        {
            var seconds = Math.Max(1, (long)Math.Ceiling(_cluster.UntilNextTry().TotalSeconds));
            exchange.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return StatusPage.WriteAsync(exchange, fault.Status);
    }

    /// <summary>It has gone through too many servers.</summary>
    public ValueTask RefuseLoopAsync(Exchange exchange)
    {
        TellRefused(exchange, StatusCodes.Status508LoopDetected, "it goes round in circles");
        return StatusPage.WriteAsync(
            exchange, StatusCodes.Status508LoopDetected, "This request has gone through too many servers; it seems to go round in circles.");
    }

    private void TellRefused(Exchange exchange, int status, string reason)
    {
        var target = OutputText.Escape(exchange.Request.RawTarget);
        LogRefused(_logger, exchange.Method, target, status, _cluster.Name, reason, exchange.GlobalTransactionId, exchange.LocalTransactionId);
    }

    private ClientBody? TakeBody(Exchange exchange, ForwardedRequest request)
    {
        var length = exchange.Request.Headers.ContentLength;
        if (length == 0 || exchange.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true })
        {
            return null;
        }

        var reader = new BodyReader(exchange, _tune.ResponseTimeout, _tune.MaxBodySize, _time);
        if (length is null)
        {
            reader.AllowForChunks();
        }

        if (exchange.Request.Headers.ContentType.ToString().StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase))
        {
            reader.BePatient(_cluster.Settings.TunnelTimeout);
        }

        return new ClientBody(exchange, reader, request);
    }

    private void KeepAt(ForwardedRequest request, Exchange exchange, HeaderList headers)
    {
        var token = request.Member!.Token;
        if (!string.Equals(StickyCookie.Find(exchange.Request.Headers.Cookie, _cluster.Name), token, StringComparison.Ordinal))
        {
            headers.Add("Set-Cookie", StickyCookie.Set(_cluster.Name, token, _path, exchange.Scheme == "https"));
        }
    }

    private async Task RunTunnelAsync(Exchange exchange, ForwardedRequest request, MemberAnswer answer, CancellationToken gone)
    {
        var isWebSocket = exchange.Method == "CONNECT" || "websocket".Equals(answer.Headers.Find("Upgrade"), StringComparison.OrdinalIgnoreCase);
        exchange.BeginAnswer();
        await using var member = answer.TakeTunnel();
        await using var client = await TakeClientAsync(exchange);
        await using var tunnel = new Tunnel(exchange, client, member, isWebSocket, _cluster.Settings.TunnelTimeout, _time);
        switch (await tunnel.RunAsync(gone, exchange.Draining))
        {
            case TunnelEnd.MemberLost:
                request.TellCut("the upgraded connection broke");
                break;
            case TunnelEnd.Silence:
                request.TellCut("silence for tunnel_timeout");
                break;
        }
    }

    /// <summary>The client's side of a tunnel; the answer's header section goes out.</summary>
    private static async ValueTask<Stream> TakeClientAsync(Exchange exchange)
    {
        if (exchange.Method != "CONNECT")
        {
            return await exchange.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        }

        exchange.Response.StatusCode = StatusCodes.Status200OK;
        exchange.Response.ReasonPhrase = null;
        return await exchange.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync();
    }

    private static ValueTask RefuseBodyAsync(Exchange exchange, Exception failure)
    {
        var status = failure switch
        {
            TimeoutException => StatusCodes.Status408RequestTimeout,
            BadHttpRequestException bad => bad.StatusCode,
            _ when RequestCheck.IsNonsense(failure) => StatusCodes.Status400BadRequest,
            _ => 0,
        };
        if (status == 0 || exchange.Response.HasStarted)
        {
            if (status != StatusCodes.Status413PayloadTooLarge || !GrpcStatus.TryEnd(exchange, GrpcStatus.ResourceExhausted, "more than max_body_size was sent"))
            {
                exchange.Abort();
            }

            return ValueTask.CompletedTask;
        }

        // An answer may have come early, and been taken up, that can no longer be had to its end.
        AnswerWriter.TakeBackHead(exchange);
        if (!exchange.IsHttp2)
        {
            exchange.Response.Headers.Connection = "close";
        }

        return StatusPage.WriteAsync(exchange, status);
    }

    [LoggerMessage(EventId = 302, Level = LogLevel.Warning, Message = "{Method} {Target} gets {Status}: {Cluster} {Reason} ({GlobalId} {LocalId})")]
    private static partial void LogRefused(ILogger logger, string method, string target, int status, string cluster, string reason, string globalId, int localId);
}
