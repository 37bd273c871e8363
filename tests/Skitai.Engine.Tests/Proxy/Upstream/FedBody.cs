using System.Text;
using System.Threading.Channels;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Proxy.Upstream;

/// <summary>A request's body that the test feeds piece by piece.</summary>
internal sealed class FedBody(long length = -1) : MemberBody
{
    private readonly Channel<object> _pieces = Channel.CreateUnbounded<object>();
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HeaderList? _trailers;
    private int _reading;

    public override long Length => length;

    public override HeaderList? Trailers => _trailers;

    /// <summary>Done once somebody has read from it.</summary>
    public Task Asked => _asked.Task;

    /// <summary>Whether a read waits.</summary>
    public bool IsBeingRead => Volatile.Read(ref _reading) > 0;

    public static FedBody Of(string text)
    {
        var body = new FedBody(text.Length);
        body.Feed(text);
        body.End();
        return body;
    }

    public static FedBody Chunked(params string[] pieces)
    {
        var body = new FedBody();
        foreach (var piece in pieces)
        {
            body.Feed(piece);
        }

        body.End();
        return body;
    }

    public void Feed(string text) => _pieces.Writer.TryWrite(Encoding.Latin1.GetBytes(text));

    public void Feed(byte[] bytes) => _pieces.Writer.TryWrite(bytes);

    public void Fail(Exception fault) => _pieces.Writer.TryWrite(fault);

    public void End(HeaderList? trailers = null)
    {
        _trailers = trailers;
        _pieces.Writer.TryWrite(Array.Empty<byte>());
    }

    public override async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellation)
    {
        _asked.TrySetResult();
        if (!_pieces.Reader.TryRead(out var piece))
        {
            Interlocked.Increment(ref _reading);
            try
            {
                piece = await _pieces.Reader.ReadAsync(cancellation);
            }
            finally
            {
                Interlocked.Decrement(ref _reading);
            }
        }

        return piece is Exception fault ? throw fault : (byte[])piece;
    }
}
