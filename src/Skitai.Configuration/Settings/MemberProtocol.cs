namespace Skitai.Configuration.Settings;

/// <summary>Which HTTP version a cluster's members are spoken to in.</summary>
public enum MemberProtocol
{
    /// <summary>HTTP/2 where TLS's ALPN offers it, else HTTP/1.1; clear text: HTTP/1.1.</summary>
    Auto,

    /// <summary>HTTP/1.1 only.</summary>
    Http1,

    /// <summary>HTTP/2 only; over clear text by prior knowledge (h2c).</summary>
    Http2,
}
