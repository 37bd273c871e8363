using System.Globalization;
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

/// <summary>A cluster at a path: hands requests to the best member at the time, and its answers to the client.</summary>
internal sealed partial class ClusterMount : Mount
{
    private readonly Cluster _cluster;
    private readonly TuneSettings _tune;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly AnswerWriter _writer;

    /// <summary>Mounts a cluster.</summary>
    /// <param name="path">The mount's path as the conf has it.</param>
    /// <param name="cluster">The cluster; belongs to the instance.</param>
    /// <param name="tune">Limits for the client's side.</param>
    /// <param name="logger">Hears of failures.</param>
    /// <param name="time">The clock.</param>
    public ClusterMount(string path, Cluster cluster, TuneSettings tune, ILogger logger, TimeProvider time)
        : base(path)
    {
        (_cluster, _tune, _logger, _time) = (cluster, tune, logger, time);
        _writer = new AnswerWriter(tune.ResponseTimeout, time);
    }

    /// <summary>The cluster.</summary>
    public Cluster Cluster => _cluster;

    /// <inheritdoc/>
    public override MountStatus GetStatus() => new(Path, "cluster") { Target = _cluster.Name };

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellation) => _cluster.StartAsync(cancellation);

    /// <inheritdoc/>
    public override bool SharesWith(Mount other) => other is ClusterMount mount && mount._cluster == _cluster;

    /// <inheritdoc/>
    public override Task WhenUnusedAsync(CancellationToken cancellation) => _cluster.WhenUnusedAsync(cancellation);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await base.DisposeAsync();
    }

    /// <summary>Whether it is what a conf asks for, so that it can go on.</summary>
    public bool Serves(string path, Cluster cluster, TuneSettings tune) => Path == path && _cluster == cluster && _tune == tune;

    /// <inheritdoc/>
    public override ValueTask<MountOutcome> HandleAsync(Exchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        return exchange.LocalTransactionId > RequestFields.MostHops * 1000 ? RefuseLoopAsync(exchange) : ForwardAsync(exchange, null);
    }

    private static async ValueTask<MountOutcome> RefuseLoopAsync(Exchange exchange)
    {
        await StatusPage.WriteAsync(exchange, StatusCodes.Status508LoopDetected, "This request has gone through too many servers; it seems to go round in circles.");
        return MountOutcome.Handled;
    }

    private async ValueTask<MountOutcome> ForwardAsync(Exchange exchange, AnswerWitness? witness)
    {
        var request = exchange.Forwarded ??= new ForwardedRequest(_logger);
        var gone = exchange.ClientGone;
        MemberAnswer? answer = null;
        ClientBody? body = null;
        _cluster.Entered();
        try
        {
            request.Begin(exchange, Prefix, _cluster);
            body = TakeBody(exchange);
            request.Message.Body = body;
            if (exchange.Request.Headers.Upgrade.Count > 0 && exchange.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true })
            {
                request.Message.Upgrade = exchange.Request.Headers.Upgrade.ToString();
            }

            answer = await request.SendAsync(gone);
            witness?.See(exchange, answer);
            if (_cluster.Settings.Sticky)
            {
                KeepAt(request, exchange, answer.Headers);
            }

            if (!AnswerWriter.TryWriteHead(exchange, answer))
            {
                var fault = new MemberException(MemberFault.BadAnswer, neverLeft: false, "its header section cannot be passed on");
                LogCut(_logger, _cluster.Name, request.Member!.Label, fault.Message, exchange.Method, OutputText.Escape(exchange.Request.RawTarget), exchange.GlobalTransactionId, exchange.LocalTransactionId);
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
            LogCut(_logger, _cluster.Name, request.Member!.Label, fault.Message, exchange.Method, OutputText.Escape(exchange.Request.RawTarget), exchange.GlobalTransactionId, exchange.LocalTransactionId);
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
            _cluster.Left();
        }

        return MountOutcome.Handled;
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
            headers.Add("Set-Cookie", StickyCookie.Set(_cluster.Name, token, Path, exchange.Scheme == "https"));
        }
    }

    private async Task RunTunnelAsync(Exchange exchange, MemberAnswer answer, CancellationToken gone)
    {
        exchange.BeginAnswer();
        await using var member = answer.TakeTunnel();
        await using var client = await exchange.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        await Tunnel.RunAsync(client, member, _cluster.Settings.TunnelTimeout, Count, _time, gone);

        void Count(int fromClient, int fromMember)
        {
            exchange.BytesReceived += fromClient;
            exchange.BytesSent += fromMember;
        }
    }

    private static ValueTask RefuseAsync(Exchange exchange, OriginException fault)
    {
        if (fault.Status == StatusCodes.Status503ServiceUnavailable)
        {
            exchange.Response.Headers.RetryAfter = 1.ToString(CultureInfo.InvariantCulture);
        }

        return StatusPage.WriteAsync(exchange, fault.Status);
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

    [LoggerMessage(EventId = 303, Level = LogLevel.Warning, Message = "{Cluster} {Member}: {Cause}; the answer to {Method} {Target} is cut off ({GlobalId} {LocalId})")]
    private static partial void LogCut(ILogger logger, string cluster, string member, string cause, string method, string target, string globalId, int localId);
}
