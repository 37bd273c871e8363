using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Skitai.Engine.Caching;
using Skitai.Engine.Hosting;
using Skitai.Engine.Logging;
using Skitai.Engine.Proxy.Balancing;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>
/// One request on its way to a cluster: goes to a member, and to the next one where that is safe, until there is an answer.
/// Nothing in it refers to the client's request but <see cref="MemberRequest.Body"/>; used again for the next one.
/// </summary>
internal sealed partial class ForwardedRequest : OriginRequest
{
    private readonly ILogger _logger;
    private readonly MemberChoice _choice = new();
    private Cluster _cluster = null!;
    private ClientOrigin _origin;
    private string _prefix = "";
    private string _announced = "";
    private bool _sendsMemberHost;
    private string? _token;

    /// <summary>Makes one, empty.</summary>
    /// <param name="logger">Hears of failures.</param>
    public ForwardedRequest(ILogger logger) => _logger = logger;

    /// <inheritdoc/>
    public override MemberRequest Message { get; } = new();

    /// <summary>The member that answered or, where none did, was asked last; null = none was.</summary>
    public Member? Member { get; private set; }

    /// <inheritdoc/>
    public override byte[]? AnsweredBy => Member?.LogName;

    /// <summary>Takes up a client's request, but for its body.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="prefix">The mount's prefix.</param>
    /// <param name="cluster">Who is to answer.</param>
    public void Begin(Exchange exchange, string prefix, Cluster cluster)
    {
        var settings = cluster.Settings;
        (_cluster, _prefix) = (cluster, prefix);
        _origin = new ClientOrigin(exchange.Scheme, exchange.HostHeader);
        RequestFields.Fill(Message, exchange, prefix, settings);
        _announced = exchange.Connection.IsTrusted ? Message.Headers.Find("X-Forwarded-Prefix") ?? prefix : prefix;
        _sendsMemberHost = Message.Authority.Length == 0;
        if (settings.Sticky)
        {
            _token = StickyCookie.Find(exchange.Request.Headers.Cookie, settings.Name);
        }
    }

    /// <inheritdoc/>
    public override void Respell(string target, string authority)
    {
        base.Respell(target, authority);
        if (authority.Length > 0 && _origin.Authority != authority)
        {
            RequestFields.Rename(Message.Headers, _origin.Authority, authority);
            _origin = _origin with { Authority = authority };
        }
    }

    /// <summary>The request is over, its answer disposed of.</summary>
    public void End()
    {
        _choice.End();
        Message.Clear();
        Member = null;
        _token = null;
        _cluster = null!; // a quiet connection must not keep one that a reload has taken out
    }

    /// <summary>The member has got all of the body that it needs: from now on it is its turn.</summary>
    public void BodyTaken() => _choice.Sent();

    /// <summary>The answer that has begun cannot be had to its end, or cannot be passed on.</summary>
    public void TellCut(string cause)
    {
        if (Member is not { } member || _cluster is not { } cluster)
        {
            return; // it is over just now
        }

        var (target, globalId, localId) = (OutputText.Escape(Message.Target), GlobalId, LocalId);
        LogCut(_logger, cluster.Name, member.Label, cause, Message.Method, target, globalId, localId);
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<MemberAnswer> SendAsync(CancellationToken cancellation)
    {
        var isIdempotent = Message.IsIdempotent;
        var resent = 0;
        (KeptAnswer? Answer, Member? Member) worse = default;
        Member? failed = null;
        MemberException? fault = null;
        _choice.Token = _token; // each sending is a request of its own, with all members before it
        try
        {
            while (true)
            {
                _choice.Replayable = isIdempotent && CanRepeat;
                _choice.Waits = worse.Answer is not { HoldsConnection: true }; // its member has given it back, and must not have more than it may
                var member = await _cluster.TakeAsync(_choice, cancellation);
                if (member is null)
                {
                    return TakeWorse() ?? throw Refuse(fault);
                }

                if (failed is not null)
                {
                    TellNext(failed, fault!);
                    failed = null;
                }

                try
                {
                    var answer = await AskAsync(member, cancellation);
                    var mayImprove = answer.Status is 502 or 503 or 504 && isIdempotent && resent < _cluster.Settings.Retries && CanRepeatNow;
                    if (!mayImprove)
                    {
                        (Message.Body as ClientBody)?.Answered();
                        return new LeasedAnswer(answer, _choice, this);
                    }

                    // Somebody else may do better; if not, this is what the client gets.
                    resent++;
                    await DisposeAsync(worse.Answer);
                    worse = (await KeptAnswer.TakeAsync(answer), member);
                }
                catch (MemberException failure)
                {
                    fault = failure;
                    _choice.Failed(failure);
                    var goesOn = CanRepeat && (failure.NeverLeft || (isIdempotent && (_choice.IsTrial || resent++ < _cluster.Settings.Retries)));
                    if (!goesOn)
                    {
                        return TakeWorse() ?? throw Refuse(fault);
                    }

                    failed = member; // who is next, if anybody, is not known yet
                }
            }
        }
        catch
        {
            _choice.End();
            throw;
        }
        finally
        {
            await DisposeAsync(worse.Answer);
        }

        // The answer that was kept for want of a better one.
        LeasedAnswer? TakeWorse()
        {
            if (worse.Answer is not { } answer)
            {
                return null;
            }

            Member = worse.Member;
            worse = default;
            return new LeasedAnswer(answer, _choice, this);
        }
    }

    private static ValueTask DisposeAsync(MemberAnswer? answer) => answer?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Whether the content type says that the body is a stream of messages, which may be far apart.</summary>
    private static bool IsStream(HeaderList headers) =>
        headers.Find("Content-Type") is { } type
        && (type.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) || type.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase));

    private string GlobalId => Message.Headers.Find("X-Gtxn-Id") ?? "-";

    private string LocalId => Message.Headers.Find("X-Ltxn-Id") ?? "-";

    /// <summary>Whether the request can be sent again, once nobody reads its body any more.</summary>
    private bool CanRepeat => Message.Body is not ClientBody { CanRewind: false };

    /// <summary>Whether it can be sent again although a member has answered it: that one must not go on reading the body.</summary>
    private bool CanRepeatNow => Message.Body is not ClientBody || Message.Body is ClientBody { CanRewind: true, IsTaken: true };

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<MemberAnswer> AskAsync(Member member, CancellationToken cancellation)
    {
        Member = member;
        if (_sendsMemberHost)
        {
            Message.Authority = member.Settings.Authority;
        }

        if (Message.Body is { } body)
        {
            body.TryRewind();
        }
        else
        {
            _choice.Sent();
        }

        var answer = await member.Connections.SendAsync(Message, cancellation);
        _choice.Answered(answer.Status);
        var isDialogue = answer.Status is >= 200 and < 300 && Message.Body is ClientBody { IsTaken: false };
        if (isDialogue)
        {
            ((ClientBody)Message.Body!).BePatient(_cluster.Settings.TunnelTimeout);
        }

        if (answer.BodyLength < 0 && (isDialogue || IsStream(answer.Headers)))
        {
            answer.BePatient(_cluster.Settings.TunnelTimeout);
        }

        AnswerFields.Map(answer.Headers, Message.Authority, member.Settings.Authority, _origin, _prefix, _announced);
        return answer;
    }

    private void TellNext(Member member, MemberException failure)
    {
        var (target, globalId, localId) = (OutputText.Escape(Message.Target), GlobalId, LocalId);
        LogNext(_logger, _cluster.Name, member.Label, failure.Message, Message.Method, target, globalId, localId);
    }

    private OriginException Refuse(MemberException? fault)
    {
        var status = fault?.Fault switch
        {
            null => 503,
            MemberFault.ConnectTimeout or MemberFault.AnswerTimeout or MemberFault.Stalled => 504,
            MemberFault.CannotConnect when _choice.Refusal != NoMember.None => 503,
            _ => 502,
        };
        var reason = fault is null ? Reason(_choice.Refusal) : $"{Member?.Label}: {fault.Message}";
        return new OriginException(status, reason, fault);
    }

    private static string Reason(NoMember refusal) => refusal switch
    {
        NoMember.Unresolved => "no member's name could be resolved",
        NoMember.Drained => "all members are drained",
        NoMember.QueueFull => "all members have max_connections in hand, and max_queue requests wait",
        NoMember.WaitedTooLong => "no member had room within response_timeout",
        NoMember.Ended => "the cluster is gone",
        _ => "no member is left to try",
    };

    [LoggerMessage(EventId = 301, Level = LogLevel.Information, Message = "{Cluster} {Member}: {Cause}; another member gets {Method} {Target} ({GlobalId} {LocalId})")]
    private static partial void LogNext(ILogger logger, string cluster, string member, string cause, string method, string target, string globalId, string localId);

    [LoggerMessage(EventId = 303, Level = LogLevel.Warning, Message = "{Cluster} {Member}: {Cause}; the answer to {Method} {Target} is cut off ({GlobalId} {LocalId})")]
    private static partial void LogCut(ILogger logger, string cluster, string member, string cause, string method, string target, string globalId, string localId);
}
