using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching;

/// <summary>A request to an <see cref="Origin"/> that no client's connection is needed for.</summary>
internal abstract class OriginRequest
{
    /// <summary>What is sent. Its method, fields and <see cref="MemberRequest.Interim"/> are the cache's to change between sendings.</summary>
    public abstract MemberRequest Message { get; }

    /// <summary>For the log: who answered or, where nobody did, was asked last; null = nobody was.</summary>
    public virtual byte[]? AnsweredBy => null;

    /// <summary>
    /// Has members asked in the key's spelling of target and host, not in that of the client that came first: it may be in what
    /// they answer, and that is for all.
    /// </summary>
    /// <param name="target">As <see cref="MemberRequest.Target"/>, plainly spelled.</param>
    /// <param name="authority">The client's host in lower case, with a port that is not the scheme's own.</param>
    public virtual void Respell(string target, string authority)
    {
        Message.Target = target;
        if (Message.Authority.Length > 0)
        {
            Message.Authority = authority;
        }
    }

    /// <summary>
    /// Sends it, to another member if one fails where that is safe. May be called again when the answer before was disposed of.
    /// </summary>
    /// <returns>The answer, its fields mapped for the client (Location, cookie paths). The caller's to dispose of.</returns>
    /// <param name="cancellation">Gives it up.</param>
    /// <exception cref="OriginException">No member could be asked, or none answered.</exception>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public abstract ValueTask<MemberAnswer> SendAsync(CancellationToken cancellation);
}
