using System.Net;

namespace Skitaid.FunctionalTests.Harness;

/// <summary>A body whose length the client does not tell: chunks in HTTP/1.1, no content-length in HTTP/2.</summary>
public sealed class LengthlessContent : HttpContent
{
    private readonly HttpContent _body;

    public LengthlessContent(HttpContent body)
    {
        _body = body;
        Headers.ContentType = body.Headers.ContentType;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => _body.CopyToAsync(stream, context);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
