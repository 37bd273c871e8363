using System.Net;

namespace Skitai.Engine.Proxy.Upstream.Http2;

/// <summary>A request's body as the HTTP/2 client wants it.</summary>
internal sealed class BodyContent : HttpContent
{
    private readonly MemberBody? _body;
    private readonly Http2Exchange _exchange;

    /// <summary>Wraps a body.</summary>
    /// <param name="body">Null = none, but there are fields that .NET counts to it.</param>
    /// <param name="exchange">What it belongs to.</param>
    public BodyContent(MemberBody? body, Http2Exchange exchange)
    {
        _body = body;
        _exchange = exchange;
        if (body is { Length: >= 0 })
        {
            Headers.ContentLength = body.Length;
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = _body?.Length ?? 0;
        return length >= 0;
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        _body is { Length: not 0 } body ? _exchange.SendBodyAsync(body, stream, cancellationToken) : Task.CompletedTask;
}
