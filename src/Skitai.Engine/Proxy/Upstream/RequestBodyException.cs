namespace Skitai.Engine.Proxy.Upstream;

/// <summary>A request's body cannot be read to its end, which is the client's fault and not the member's.</summary>
internal sealed class RequestBodyException(Exception cause) : IOException(cause.Message, cause);
