using System.Net;
using System.Text;
using System.Threading.Channels;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>A request's body that is sent piece by piece, when the test says so.</summary>
internal sealed class PushedContent(long length = -1) : HttpContent
{
    private readonly Channel<byte[]> _pieces = Channel.CreateUnbounded<byte[]>();

    public void Push(string latin1) => Push(Encoding.Latin1.GetBytes(latin1));

    public void Push(byte[] piece) => _pieces.Writer.TryWrite(piece);

    public void End() => _pieces.Writer.TryComplete();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.FlushAsync(cancellationToken);
        await foreach (var piece in _pieces.Reader.ReadAllAsync(cancellationToken))
        {
            await stream.WriteAsync(piece, cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }
    }

    protected override bool TryComputeLength(out long computed)
    {
        computed = length;
        return length >= 0;
    }
}
