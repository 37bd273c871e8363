using System.Net.Security;
using System.Net.Sockets;

namespace Skitai.Engine.Proxy.Upstream;

/// <summary>A connection just opened.</summary>
/// <param name="Socket">Connected; without TLS its synchronous calls do not block.</param>
/// <param name="Tls">What goes through the socket; null = clear text.</param>
internal readonly record struct DialedConnection(Socket Socket, SslStream? Tls);
