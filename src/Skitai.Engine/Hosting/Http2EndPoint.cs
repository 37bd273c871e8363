using System.Net;

namespace Skitai.Engine.Hosting;

/// <summary>The address of the in-process HTTP/2 endpoint: no socket behind it.</summary>
internal sealed class Http2EndPoint : EndPoint
{
    /// <inheritdoc/>
    public override string ToString() => "http/2 by prior knowledge";
}
