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
    private bool _sendsMemberHost;

    /// <summary>Makes one, empty.</summary>
    /// <param name="logger">Hears of failures.</param>
    public ForwardedRequest(ILogger logger) => _logger = logger;

    /// <inheritdoc/>
    public override MemberRequest Message { get; } = new();

    /// <summary>The member that answered; null before.</summary>
    public Member? Member { get; private set; }

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
        _sendsMemberHost = Message.Authority.Length == 0;
        if (settings.Sticky)
        {
            _choice.Token = StickyCookie.Find(exchange.Request.Headers.Cookie, settings.Name);
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
    }

    /// <inheritdoc/>
    public override async ValueTask<MemberAnswer> SendAsync(CancellationToken cancellation)
    {
        var settings = _cluster.Settings;
        var isIdempotent = IsIdempotent(Message.Method) && Message.Upgrade is null;
        var resent = 0;
        MemberAnswer? worse = null;
        MemberException? fault = null;
        try
        {
            while (true)
            {
                _choice.Replayable = isIdempotent && CanRewind();
                var member = await _cluster.TakeAsync(_choice, cancellation);
                if (member is null)
                {
                    return Take(ref worse) ?? throw Refuse(fault);
                }

                Member = member;
                if (_sendsMemberHost)
                {
                    Message.Authority = member.Settings.Authority;
                }

                try
                {
                    if (Message.Body is null)
                    {
                        _choice.Sent();
                    }

                    var answer = await member.Connections.SendAsync(Message, cancellation);
                    _choice.Answered(answer.Status);
                    var mayImprove = answer.Status is 502 or 503 or 504 && isIdempotent && resent < settings.Retries && CanRewind();
                    if (!mayImprove)
                    {
                        AnswerFields.Map(answer.Headers, Message.Authority, member.Settings.Authority, _origin, _prefix);
                        return new LeasedAnswer(answer, _choice);
                    }

                    // Somebody else may do better; if not, this is what the client gets.
                    await DisposeAsync(Take(ref worse));
                    worse = answer;
                    resent++;
                }
                catch (MemberException failure)
                {
                    fault = failure;
                    _choice.Failed(failure);
                    var goesOn = CanRewind() && (failure.NeverLeft || (isIdempotent && (_choice.IsTrial || resent++ < settings.Retries)));
                    if (!goesOn)
                    {
                        return Take(ref worse) ?? throw Refuse(fault);
                    }

                    TellNext(member, failure);
                }
            }
        }
        catch
        {
            _choice.Release();
            throw;
        }
        finally
        {
            await DisposeAsync(worse);
        }
    }

    /// <summary>RFC 9110 section 9.2.2.</summary>
    private static bool IsIdempotent(string method) => method is "GET" or "HEAD" or "PUT" or "DELETE" or "OPTIONS";

    private static ValueTask DisposeAsync(MemberAnswer? answer) => answer?.DisposeAsync() ?? ValueTask.CompletedTask;

    private string GlobalId => Message.Headers.Find("X-Gtxn-Id") ?? "-";

    private string LocalId => Message.Headers.Find("X-Ltxn-Id") ?? "-";

    private bool CanRewind() => Message.Body is not ClientBody body || body.TryRewind();

    /// <summary>The answer that was kept for want of a better one.</summary>
    private LeasedAnswer? Take(ref MemberAnswer? worse)
    {
        if (worse is null)
        {
            return null;
        }

        var answer = worse;
        worse = null;
        AnswerFields.Map(answer.Headers, Message.Authority, Message.Authority, _origin, _prefix);
        return new LeasedAnswer(answer, _choice);
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
        var (target, globalId, localId) = (OutputText.Escape(Message.Target), GlobalId, LocalId);
        LogRefused(_logger, Message.Method, target, status, _cluster.Name, reason, globalId, localId);
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

    [LoggerMessage(EventId = 302, Level = LogLevel.Warning, Message = "{Method} {Target} gets {Status}: {Cluster} {Reason} ({GlobalId} {LocalId})")]
    private static partial void LogRefused(ILogger logger, string method, string target, int status, string cluster, string reason, string globalId, string localId);
}
