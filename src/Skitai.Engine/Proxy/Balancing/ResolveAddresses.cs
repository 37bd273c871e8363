using System.Net;

namespace Skitai.Engine.Proxy.Balancing;

/// <summary>Asks for the addresses of a name; <see cref="Dns.GetHostAddressesAsync(string, CancellationToken)"/> is one.</summary>
/// <exception cref="System.Net.Sockets.SocketException">There are none, or nobody knows.</exception>
internal delegate Task<IPAddress[]> ResolveAddresses(string name, CancellationToken cancellation);
