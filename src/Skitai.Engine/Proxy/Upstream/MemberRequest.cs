namespace Skitai.Engine.Proxy.Upstream;

/// <summary>A request as a member is to get it. Belongs to whoever made it, who may use it again once its answer is disposed of.</summary>
internal sealed class MemberRequest
{
    /// <summary>The method.</summary>
    public string Method { get; set; } = "GET";

    /// <summary>Origin form: path and query, percent-encoded as it goes over the wire; <c>*</c> for OPTIONS.</summary>
    public string Target { get; set; } = "/";

    /// <summary>The Host, <c>:authority</c> in HTTP/2.</summary>
    public string Authority { get; set; } = "";

    /// <summary>
    /// The end-to-end fields. Never Host, Content-Length, Transfer-Encoding, Connection, Keep-Alive, TE, Trailer, Upgrade,
    /// Expect or a Proxy- field: the connection writes those that it needs.
    /// </summary>
    public HeaderList Headers { get; } = new();

    /// <summary>The body; null = none.</summary>
    public MemberBody? Body { get; set; }

    /// <summary>The protocol that the connection is to be upgraded to (<c>websocket</c>); null = none. Such a request goes over HTTP/1.1.</summary>
    public string? Upgrade { get; set; }

    /// <summary>The client waits for 100 Continue: the member is asked, too, before the body is read.</summary>
    public bool ExpectsContinue { get; set; }

    /// <summary>The client understands trailers (<c>TE: trailers</c>).</summary>
    public bool TakesTrailers { get; set; }

    /// <summary>
    /// Whether it does no more harm twice than once (RFC 9110 section 9.2.2). An upgrade does not count: the connection may
    /// have been used for something already.
    /// </summary>
    public bool IsIdempotent => Upgrade is null && Method is ("GET" or "HEAD" or "OPTIONS" or "PUT" or "DELETE" or "TRACE");

    /// <summary>Gets 1xx answers; null = nobody wants them.</summary>
    public IInterimAnswers? Interim { get; set; }

    /// <summary>Makes it ready for another request.</summary>
    public void Clear()
    {
        Headers.Clear();
        Body = null;
        Upgrade = null;
        ExpectsContinue = false;
        TakesTrailers = false;
        Interim = null;
    }
}
