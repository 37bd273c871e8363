using Skitai.Configuration.Settings;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching;

/// <summary>
/// Where the cache gets what it does not have: a cluster, as one of its mounts sees it. What members are asked for must follow
/// from the request's key (<see cref="Rules.CacheKey"/>), or else one client could put into the cache what another one gets
/// for a different URL.
/// </summary>
internal abstract class Origin
{
    /// <summary>The cluster's settings: <see cref="ClusterSettings.Cache"/>, <see cref="ClusterSettings.CacheCookies"/>, <see cref="ClusterSettings.CacheHeuristic"/>.</summary>
    public abstract ClusterSettings Settings { get; }

    /// <summary>A fetch begins that may outlive the request it is for: until it has left again, the origin is in use.</summary>
    public virtual void Entered()
    {
    }

    /// <summary>It is over.</summary>
    public virtual void Left()
    {
    }

    /// <summary>
    /// A request without a body as members are to get it, that lives on when its client is gone: nothing in it refers to the
    /// exchange. The client's own conditions and its Range are in it; the cache takes out what it evaluates itself.
    /// </summary>
    public abstract OriginRequest Detach(Exchange exchange);

    /// <summary>Forwards the request as if there were no cache, whatever it is: with a body, to be upgraded...</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="witness">Is shown the answer when its header section is there, mapped for the client and not yet written.</param>
    public abstract ValueTask ForwardAsync(Exchange exchange, AnswerWitness witness);

    /// <summary>Writes an answer to the client that it is for, with what is left of its body. Does not dispose of it.</summary>
    /// <param name="exchange">The client's request.</param>
    /// <param name="request">What <see cref="Detach"/> made of it.</param>
    /// <param name="answer">What <see cref="OriginRequest.SendAsync"/> gave.</param>
    public abstract ValueTask WriteAsync(Exchange exchange, OriginRequest request, MemberAnswer answer);

    /// <summary>Writes a 1xx answer to a client that is waiting; nothing happens where it cannot be sent.</summary>
    public virtual ValueTask WriteInterimAsync(Exchange exchange, int status, HeaderList headers, CancellationToken cancellation) => default;

    /// <summary>Answers a request whose fetch failed: 502, 503 or 504 with its page.</summary>
    public abstract ValueTask RefuseAsync(Exchange exchange, OriginException fault);
}
