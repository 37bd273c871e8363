using System.Net;
using System.Net.Security;
using Skitai.Configuration.Settings;
using Skitai.Engine.Proxy.Upstream.Http1;
using Skitai.Engine.Proxy.Upstream.Http2;

namespace Skitai.Engine.Proxy.Upstream;

/// <summary>The connections to one member's address, whatever HTTP version it speaks. Safe for many requests at once.</summary>
internal abstract class MemberConnections : IAsyncDisposable
{
    /// <summary>Makes the connections for an address; none is opened yet.</summary>
    /// <param name="cluster">The protocol, TLS, connect_timeout, idle_timeout.</param>
    /// <param name="member">Whose address it is.</param>
    /// <param name="address">Where to connect to.</param>
    /// <param name="responseTimeout">How long an answer may take to begin once the member has the request; zero = for ever.</param>
    /// <param name="time">The clock.</param>
    public static MemberConnections Create(
        ClusterSettings cluster, ClusterMember member, IPEndPoint address, TimeSpan responseTimeout, TimeProvider time)
    {
        switch (cluster.Protocol)
        {
            case MemberProtocol.Auto when cluster.Ssl:
                return new NegotiatedConnections(cluster, member, address, responseTimeout, time);
            case MemberProtocol.Http2:
                {
                    var dialer = new MemberDialer(cluster, member, address, time, SslApplicationProtocol.Http2);
                    return new Http2Connections(dialer.DialHttp2Async, address, cluster.Ssl, responseTimeout, cluster.IdleTimeout, time);
                }

            default:
                {
                    var dialer = new MemberDialer(cluster, member, address, time, SslApplicationProtocol.Http11);
                    return new Http1Connections(dialer.DialAsync, responseTimeout, cluster.IdleTimeout, time);
                }
        }
    }

    /// <summary>Connections open now, idle ones included.</summary>
    public abstract int Open { get; }

    /// <summary>Sends a request and waits for the answer's header section. The answer is the caller's to dispose of.</summary>
    /// <param name="request">Not to be touched before the answer is disposed of or this has thrown.</param>
    /// <param name="cancellation">Gives it up: the connection is ended.</param>
    /// <exception cref="MemberException">The member's fault.</exception>
    /// <exception cref="RequestBodyException">The client's fault; the connection is ended.</exception>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public abstract ValueTask<MemberAnswer> SendAsync(MemberRequest request, CancellationToken cancellation);

    /// <summary>Ends idle connections now and the others when their answers are disposed of.</summary>
    public abstract ValueTask DisposeAsync();
}
