using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
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
            if (exchange.Method == "CONNECT")
            {
                WebSocketConnect.Translate(request.Message);
            }
            else
            {
                request.Message.Body = body = TakeBody(exchange);
                if (exchange.Request.Headers.Upgrade.Count > 0 && exchange.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true })
                {
                    request.Message.Upgrade = exchange.Request.Headers.Upgrade.ToString();
                }
            }

            answer = await request.SendAsync(gone);
            witness?.See(exchange, answer);
            if (_cluster.Settings.Sticky)
            {
                KeepAt(request, exchange, answer.Headers);
            }

            var isBadHandshake = exchange.Method == "CONNECT" && answer.Status == 101 && !WebSocketConnect.IsAccepted(request.Message, answer.Headers);
            if (isBadHandshake || !AnswerWriter.TryWriteHead(exchange, answer))
            {
                TellCut(exchange, request, isBadHandshake ? "no WebSocket's opening handshake" : "its header section cannot be passed on");
                await StatusPage.WriteAsync(exchange, StatusCodes.Status502BadGateway);
            }
            else if (answer.Status == StatusCodes.Status101SwitchingProtocols)
            {
                await RunTunnelAsync(exchange, answer, gone);
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
        catch (MemberException fault)
        {
            TellCut(exchange, request, fault.Message);
            exchange.Abort(); // a proper end would be a lie
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
            if (answer is not null)
            {
                await answer.DisposeAsync();
            }

            body?.Dispose();
            request.End();
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
        if (_cluster.Settings.Sticky)
        {
            KeepAt((ForwardedRequest)request, exchange, answer.Headers);
        }

        return AnswerWriter.TryWriteHead(exchange, answer)
            ? _writer.WriteBodyAsync(exchange, answer, exchange.ClientGone)
            : StatusPage.WriteAsync(exchange, StatusCodes.Status502BadGateway);
    }

    /// <inheritdoc/>
    public override ValueTask WriteInterimAsync(Exchange exchange, int status, HeaderList headers, CancellationToken cancellation) =>
        InterimAnswers.For(exchange)?.TakeAsync(status, headers, cancellation) ?? default;

    /// <inheritdoc/>
    public override ValueTask RefuseAsync(Exchange exchange, OriginException fault)
    {
        if (fault.Status == StatusCodes.Status503ServiceUnavailable)
        {
            exchange.Response.Headers.RetryAfter = "1";
        }

        return StatusPage.WriteAsync(exchange, fault.Status);
    }

    private ClientBody? TakeBody(Exchange exchange)
    {
        var length = exchange.Request.Headers.ContentLength;
        if (length == 0 || exchange.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true })
        {
            return null;
        }

        var patience = _tune.ResponseTimeout;
        if (exchange.Request.Headers.ContentType.ToString().StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase))
        {
            // A stream of messages, not an upload: silence is no sign of trouble.
            var tunnel = _cluster.Settings.TunnelTimeout;
            patience = tunnel > TimeSpan.Zero ? tunnel : Timeout.InfiniteTimeSpan;
            if (exchange.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            {
                rate.MinDataRate = null;
            }
        }

        var reader = new BodyReader(exchange, patience, _tune.MaxBodySize, _time);
        if (length is null)
        {
            reader.AllowForChunks();
        }

        return new ClientBody(exchange, reader);
    }

    private void KeepAt(ForwardedRequest request, Exchange exchange, HeaderList headers)
    {
        var token = request.Member!.Token;
        if (!string.Equals(StickyCookie.Find(exchange.Request.Headers.Cookie, _cluster.Name), token, StringComparison.Ordinal))
        {
            headers.Add("Set-Cookie", StickyCookie.Set(_cluster.Name, token, _path, exchange.Scheme == "https"));
        }
    }

    private async Task RunTunnelAsync(Exchange exchange, MemberAnswer answer, CancellationToken gone)
    {
        exchange.BeginAnswer();
        await using var member = answer.TakeTunnel();
        await using var client = exchange.Method == "CONNECT" ? await AcceptAsync(exchange) : await exchange.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        await Tunnel.RunAsync(client, member, _cluster.Settings.TunnelTimeout, Count, _time, gone);

        void Count(int fromClient, int fromMember)
        {
            exchange.BytesReceived += fromClient;
            exchange.BytesSent += fromMember;
        }
    }

    private static ValueTask<Stream> AcceptAsync(Exchange exchange)
    {
        exchange.Response.StatusCode = StatusCodes.Status200OK;
        exchange.Response.ReasonPhrase = null;
        return exchange.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync();
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
            exchange.Abort();
            return ValueTask.CompletedTask;
        }

        exchange.Response.Headers.Connection = "close";
        return StatusPage.WriteAsync(exchange, status);
    }

    private void TellCut(Exchange exchange, ForwardedRequest request, string cause)
    {
        var target = OutputText.Escape(exchange.Request.RawTarget);
        LogCut(_logger, _cluster.Name, request.Member!.Label, cause, exchange.Method, target, exchange.GlobalTransactionId, exchange.LocalTransactionId);
    }

    [LoggerMessage(EventId = 303, Level = LogLevel.Warning, Message = "{Cluster} {Member}: {Cause}; the answer to {Method} {Target} is cut off ({GlobalId} {LocalId})")]
    private static partial void LogCut(ILogger logger, string cluster, string member, string cause, string method, string target, string globalId, int localId);
}
