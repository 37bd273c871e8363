namespace Skitai.Engine.Proxy.Upstream;

/// <summary>A member has chosen the other HTTP version this time; nothing was sent.</summary>
internal sealed class ProtocolChangedException() : IOException("the member chose another HTTP version than before");
