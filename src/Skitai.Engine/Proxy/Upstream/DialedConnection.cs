using System.Net.Security;
using System.Net.Sockets;

namespace Skitai.Engine.Proxy.Upstream;

/// <summary>A connection just opened.</summary>
/// <param name="Socket">Connected; its synchronous calls do not block.</param>
/// <param name="Transport">The socket as a stream.</param>
/// <param name="Tls">What goes through it; null = clear text.</param>
internal sealed record DialedConnection(Socket Socket, SocketStream Transport, SslStream? Tls) : IDisposable
{
    /// <summary>Whether TLS's negotiation has chosen HTTP/2.</summary>
    public bool SpeaksHttp2 => Tls?.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2;

    /// <summary>Where HTTP is spoken.</summary>
    public Stream Stream => Tls is not null ? Tls : Transport;

    /// <inheritdoc/>
    public void Dispose()
    {
        Transport.Dispose();
        Tls?.Dispose();
    }
}
