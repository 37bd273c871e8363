namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>Scheme and host under which a client sees us.</summary>
/// <param name="Scheme"><c>http</c> or <c>https</c>.</param>
/// <param name="Authority">The host with its port, if it has one.</param>
internal readonly record struct ClientOrigin(string Scheme, string Authority);
