using System.Net;

namespace Skitai.Engine.Tests.Apps;

/// <summary>A body whose length the client does not tell: chunks in HTTP/1.1, no content-length in HTTP/2.</summary>
internal sealed class LengthlessContent(byte[] body) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(body, 0, body.Length);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
