using System.Buffers;
using System.IO.Pipelines;
using Skitai.Engine.Hosting;
using Skitai.Engine.Logging;

namespace Skitai.Engine.Apps;

/// <summary>
/// Brings a streamed answer from the app to the client. What a slow client does not take goes into a file
/// (<c>buffer_answers</c>), so that the app is done as soon as it would be with a quick one.
/// </summary>
/// <param name="exchange">The request; its header section is complete.</param>
/// <param name="request">The same, in the worker's hands.</param>
/// <param name="pool">The app's workers.</param>
/// <param name="sender">For pieces that are files.</param>
/// <param name="sendsBody">False: the app's body is taken and dropped.</param>
internal sealed class AnswerStream(Exchange exchange, AppRequest request, AppPool pool, FileSender sender, bool sendsBody) : IDisposable
{
    /// <summary>A client that takes longer than this for a write is a slow one: a shorter hitch is not worth a file.</summary>
    private static readonly TimeSpan Hitch = TimeSpan.FromMilliseconds(200);

    private readonly PipeWriter _writer = exchange.ResponseBody.Writer;
    private readonly StallWatch? _watch = exchange.IsHttp2 ? null : new StallWatch(exchange, pool.Settings.Tune.ResponseTimeout, pool.Time);
    private long _left = sendsBody ? request.Head!.ContentLength : -1;

    // What comes next for the client: first what is in the file, then the piece that did not go in, then the request's pieces.
    private SpoolFile? _spool;
    private long _spooled, _unspooled;
    private AnswerPiece? _refused;
    private bool _isSlow;
    private bool _cannotSpool = !sendsBody || pool.Settings.Tune.BufferAnswers == 0;

    /// <summary>Ends when all is sent, the client is gone or the answer had to be cut.</summary>
    /// <exception cref="IOException">The client is gone, or a file has become shorter.</exception>
    /// <exception cref="SpoolException">What was kept cannot be read.</exception>
    public async ValueTask SendAsync()
    {
        while (!request.ClientLeft)
        {
            var taken = await SendNextAsync();
            if (taken == Taken.Not)
            {
                pool.Cancel(request);
                return;
            }

            if (taken == Taken.Last)
            {
                if (request.Fault is not null || _left > 0)
                {
                    exchange.Abort(); // a proper end would be a lie
                }

                return;
            }
        }

        pool.Cancel(request);
        exchange.Abort();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch?.Dispose();
        _spool?.Dispose();
        _refused?.Release();
    }

    private async ValueTask<Taken> SendNextAsync()
    {
        if (_unspooled < _spooled)
        {
            return await SendSpooledAsync();
        }

        if (TryTake(out var piece, out var over))
        {
            return await SendPieceAsync(piece);
        }

        if (over)
        {
            return Taken.Last;
        }

        // The head, should nothing of the body be there yet.
        if (await IsGoneAfterAsync(_writer.FlushAsync()))
        {
            return Taken.Not;
        }

        await request.WaitAsync();
        return Taken.All;
    }

    private bool TryTake(out AnswerPiece piece, out bool over)
    {
        if (_refused is not { } refused)
        {
            return request.TryTakePiece(out piece, out over);
        }

        _refused = null;
        piece = refused;
        over = false;
        return true;
    }

    private async ValueTask<Taken> SendPieceAsync(AnswerPiece piece)
    {
        try
        {
            if (!Fits(piece))
            {
                return Taken.Not;
            }

            if (!sendsBody)
            {
                // Taken and dropped.
            }
            else if (piece.File is not null)
            {
                request.WaitsForDownload = true;
                await sender.SendFileAsync(exchange, piece.File, piece.Offset, piece.FileLength);
            }
            else if (await IsGoneAfterAsync(WriteAsync(piece.Buffer.AsMemory(0, piece.Length))))
            {
                return Taken.Not;
            }
        }
        finally
        {
            request.WaitsForDownload = false;
            piece.Release();
        }

        GiveCreditBack(piece);
        return Taken.All;
    }

    private async ValueTask<Taken> SendSpooledAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Frame.MaxData);
        try
        {
            var length = (int)Math.Min(_spooled - _unspooled, Frame.MaxData);
            await _spool!.ReadAsync(buffer.AsMemory(0, length), _unspooled);
            _unspooled += length;
            if (_unspooled == _spooled)
            {
                _spool.Empty();
                (_spooled, _unspooled) = (0, 0);
            }

            return await IsGoneAfterAsync(WriteAsync(buffer.AsMemory(0, length))) ? Taken.Not : Taken.All;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        exchange.BytesSent += bytes.Length;
        return _writer.WriteAsync(bytes);
    }

    /// <summary>Waits for a write; the watch cuts a client that takes nothing (over HTTP/2 the body watches itself).</summary>
    /// <returns>Whether the client is gone.</returns>
    private ValueTask<bool> IsGoneAfterAsync(ValueTask<FlushResult> write)
    {
        return write.IsCompletedSuccessfully ? new ValueTask<bool>(write.Result.IsCompleted) : WaitForAsync(write.AsTask());

        async ValueTask<bool> WaitForAsync(Task<FlushResult> writing)
        {
            _watch?.Arm();
            request.WaitsForDownload = true;
            try
            {
                if (!_cannotSpool && await IsSlowAsync(writing))
                {
                    await SpoolWhileAsync(writing);
                }

                return (await writing).IsCompleted;
            }
            finally
            {
                request.WaitsForDownload = false;
                _watch?.Disarm();
            }
        }
    }

    /// <summary>Once slow, always slow.</summary>
    private async ValueTask<bool> IsSlowAsync(Task writing)
    {
        try
        {
            if (!_isSlow)
            {
                await writing.WaitAsync(Hitch, pool.Time);
            }
        }
        catch (TimeoutException)
        {
            _isSlow = true;
        }

        return _isSlow;
    }

    /// <summary>Takes from the app whatever it has, as long as the client takes nothing.</summary>
    private async ValueTask SpoolWhileAsync(Task writing)
    {
        var told = TellWhenAsync(writing);
        request.WaitsForDownload = false;

        // What the client has taken still is in the file: it counts until the file is emptied.
        while (!writing.IsCompleted && !request.ClientLeft && !_cannotSpool && _spooled < pool.Settings.Tune.BufferAnswers)
        {
            if (request.TryTakeBytes(out var piece, out var over))
            {
                await SpoolAsync(piece);
            }
            else if (over)
            {
                break;
            }
            else
            {
                await request.WaitAsync();
            }
        }

        request.WaitsForDownload = true;
        await told;
    }

    private async Task TellWhenAsync(Task writing)
    {
        await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        request.OnWritten();
    }

    private async ValueTask SpoolAsync(AnswerPiece piece)
    {
        if (_left >= 0 && piece.Length > _left)
        {
            // It will be told of when all before it is sent.
            _refused = piece;
            _cannotSpool = true;
            return;
        }

        try
        {
            _spool ??= SpoolFile.Create(pool.Settings.SpoolDirectories);
            await _spool.WriteAsync(piece.Buffer.AsMemory(0, piece.Length), _spooled);
        }
        catch (SpoolException error)
        {
            AppLog.AnswerNotKept(pool.Log, pool.Label, request.Method, OutputText.Escape(request.Url), error.Message);
            _refused = piece;
            _cannotSpool = true;
            return;
        }

        _spooled += piece.Length;
        _left -= _left < 0 ? 0 : piece.Length;
        GiveCreditBack(piece);
        piece.Release();
    }

    /// <summary>Counts a piece against Content-Length; a body that is longer is cut off.</summary>
    private bool Fits(in AnswerPiece piece)
    {
        if (_left < 0)
        {
            return true;
        }

        _left -= piece.File is null ? piece.Length : piece.FileLength;
        if (_left >= 0)
        {
            return true;
        }

        AppLog.BadAnswer(pool.Log, pool.Label, request.Method, OutputText.Escape(request.Url), "the body is longer than its Content-Length");
        exchange.Abort();
        return false;
    }

    private void GiveCreditBack(in AnswerPiece piece)
    {
        if (piece.TookCredit && request.Consumed(piece.Length) is > 0 and var credit)
        {
            request.Worker?.SendWindow(request, credit);
        }
    }

    private enum Taken
    {
        /// <summary>The client is gone, or cut off.</summary>
        Not,

        /// <summary>All that was given; more may come.</summary>
        All,

        /// <summary>There is no more.</summary>
        Last,
    }
}
