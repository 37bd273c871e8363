using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching;

/// <summary>Is shown the answers of requests that pass the cache by. One for all requests of a kind.</summary>
internal abstract class AnswerWitness
{
    /// <summary>
    /// An answer's header section is there, mapped for the client. Fields may be added. Called once for each request, unless
    /// no answer comes; not for the proxy's own 502, 503 and 504.
    /// </summary>
    public abstract void See(Exchange exchange, MemberAnswer answer);
}
