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
    private long _unflushed;

    /// <summary>How much the stream shall be given in one flush, in bytes.</summary>
    public int Piece { get; private set; }

    /// <summary>Bytes that were written and that the client has not taken, its stream being reset.</summary>
    public long Lost { get; private set; }

    /// <inheritdoc/>
    public Stream Stream => _stream ??= AsStream(leaveOpen: true);

    /// <inheritdoc/>
    public PipeWriter Writer => this;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => _writer.CanGetUnflushedBytes;

    /// <inheritdoc/>
    public override long UnflushedBytes => _writer.UnflushedBytes;

    /// <summary>Takes up the next request of the stream.</summary>
    public void Begin(IFeatureCollection features, IHttpResponseBodyFeature body)
    {
        watch.Begin(features);
        (_body, _writer) = (body, body.Writer);
        (_unflushed, Lost) = (0, 0);
        Piece = SmallestPiece;
    }

    /// <summary>Whether <see cref="FlushRestAsync"/> has nothing to do.</summary>
    public bool IsFlushed => _unflushed < SmallestPiece;

    /// <summary>
    /// Sends what is written and not yet flushed. Kestrel would do that at the end of the answer, but without waiting: the
    /// stream would be its own then, and nobody's to reset. (Less than 4 KB it takes without waiting in any case.)
    /// </summary>
    public ValueTask<FlushResult> FlushRestAsync() => IsFlushed ? default : FlushAsync();

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
    public override void Advance(int bytes)
    {
        _unflushed += bytes;
        _writer.Advance(bytes);
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush() => _writer.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => _writer.Complete(exception);

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var bytes = _unflushed;
        _unflushed = 0;
        return WatchAsync(_writer.FlushAsync(cancellationToken), bytes);
    }

    /// <inheritdoc/>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (source.Length > Piece)
        {
            return WritePiecesAsync(source, cancellationToken);
        }

        var bytes = _unflushed + source.Length;
        _unflushed = 0;
        return WatchAsync(_writer.WriteAsync(source, cancellationToken), bytes);
    }

    private async ValueTask<FlushResult> WritePiecesAsync(ReadOnlyMemory<byte> source, CancellationToken cancellation)
    {
        while (true)
        {
            var length = Math.Min(source.Length, Piece);
            var bytes = _unflushed + length;
            _unflushed = 0;
            var result = await WatchAsync(_writer.WriteAsync(source[..length], cancellation), bytes);
            source = source[length..];
            if (source.IsEmpty || result.IsCompleted || result.IsCanceled)
            {
                Lost += source.Length;
                return result;
            }
        }
    }

    private async ValueTask<FlushResult> WatchAsync(ValueTask<FlushResult> flush, long bytes)
    {
        var began = Environment.TickCount64;
        watch.Arm();
        try
        {
            var result = await flush;
            bytes = result.IsCompleted || result.IsCanceled || watch.HasReset ? bytes : 0;
            return result;
        }
        finally
        {
            watch.Disarm();
            Lost += bytes;
            var took = Environment.TickCount64 - began;
            Piece = took >= Slow ? SmallestPiece : took <= Quick ? Math.Min(Piece * 2, LargestPiece) : Piece;
        }
    }
}
