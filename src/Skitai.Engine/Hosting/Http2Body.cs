using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Skitai.Engine.Hosting;

/// <summary>
/// The body of an answer over HTTP/2, in front of Kestrel's: every flush is watched (<see cref="StreamWatch"/>), and what is
/// written goes in small pieces until the client has shown that it takes more. Kestrel copies a piece and keeps it until the
/// stream's window opens, and one client may have thousands of streams.
/// </summary>
/// <param name="watch">The stream's watch.</param>
internal sealed class Http2Body(StreamWatch watch) : PipeWriter, IHttpResponseBodyFeature
{
    private const int SmallestPiece = 4 * 1024, LargestPiece = 64 * 1024;

    /// <summary>In milliseconds: a piece that was taken so quickly may be followed by a larger one.</summary>
    private const int Quick = 250;

    /// <summary>In milliseconds: a piece that took so long is followed by small ones, for they are the measure of progress.</summary>
    private const int Slow = 1000;

    private IHttpResponseBodyFeature _body = null!;
    private PipeWriter _writer = null!;
    private Stream? _stream;

    /// <summary>How much the stream shall be given in one flush, in bytes.</summary>
    public int Piece { get; private set; }

    /// <inheritdoc/>
    public Stream Stream => _stream ??= AsStream(leaveOpen: true);

    /// <inheritdoc/>
    public PipeWriter Writer => this;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => _writer.CanGetUnflushedBytes;

    /// <inheritdoc/>
    public override long UnflushedBytes => _writer.UnflushedBytes;

    /// <summary>Takes up the next request of the stream.</summary>
    public void Begin(IHttpResponseBodyFeature body)
    {
        (_body, _writer) = (body, body.Writer);
        Piece = SmallestPiece;
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken = default) => _body.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public Task CompleteAsync() => _body.CompleteAsync();

    /// <inheritdoc/>
    public void DisableBuffering() => _body.DisableBuffering();

    /// <inheritdoc/>
    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("files are sent by FileSender");

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => _writer.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => _writer.GetSpan(sizeHint);

    /// <inheritdoc/>
    public override void Advance(int bytes) => _writer.Advance(bytes);

    /// <inheritdoc/>
    public override void CancelPendingFlush() => _writer.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => _writer.Complete(exception);

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var flush = _writer.FlushAsync(cancellationToken);
        return flush.IsCompletedSuccessfully ? flush : WatchAsync(flush);
    }

    /// <inheritdoc/>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (source.Length > Piece)
        {
            return WritePiecesAsync(source, cancellationToken);
        }

        var write = _writer.WriteAsync(source, cancellationToken);
        return write.IsCompletedSuccessfully ? write : WatchAsync(write);
    }

    private async ValueTask<FlushResult> WritePiecesAsync(ReadOnlyMemory<byte> source, CancellationToken cancellation)
    {
        while (true)
        {
            var length = Math.Min(source.Length, Piece);
            var result = await WatchAsync(_writer.WriteAsync(source[..length], cancellation));
            source = source[length..];
            if (source.IsEmpty || result.IsCompleted || result.IsCanceled)
            {
                return result;
            }
        }
    }

    private async ValueTask<FlushResult> WatchAsync(ValueTask<FlushResult> flush)
    {
        var began = Environment.TickCount64;
        watch.Arm();
        try
        {
            return await flush;
        }
        finally
        {
            watch.Disarm();
            var took = Environment.TickCount64 - began;
            Piece = took >= Slow ? SmallestPiece : took <= Quick ? Math.Min(Piece * 2, LargestPiece) : Piece;
        }
    }
}
