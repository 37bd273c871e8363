using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Skitai.Engine.Proxy.Upstream.Http1;

/// <content>What goes to the member: the header section, and the body at its own pace.</content>
internal sealed partial class Http1Connection
{
    /// <summary>Pieces up to this are copied behind what is gathered already; larger ones are sent as they are.</summary>
    private const int CopiedPiece = 16 * 1024;

    /// <summary>The most that one send is given, so that it shows when a slow member moves.</summary>
    private const int MostSent = 64 * 1024;

    /// <summary>So many pieces that are there at once are sent in a row on a thread that may be the one that polls the sockets.</summary>
    private const int MostAtOnce = 16;

    /// <summary>How long a member that knows nothing of 100 Continue keeps the body waiting.</summary>
    private static readonly TimeSpan s_continueTime = TimeSpan.FromSeconds(1);

    private readonly SendBuffer _out = new();
    private CancellationTokenSource? _bodyStop;
    private TaskCompletionSource<bool>? _goAhead;
    private Task? _pump;
    private volatile bool _sentAny;
    private volatile bool _requestSent;
    private volatile bool _sendsLast;
    private volatile bool _sendFailed;
    private long _sendingSince;

    /// <summary>Sends the header section, and what there is of the body; goes on with the rest of it by itself.</summary>
    private void StartSending(MemberRequest request)
    {
        _out.AddHead(request);
        if (request.Body is { Length: not 0 } body)
        {
            var pump = PumpAsync(body, request.ExpectsContinue);
            _pump = pump.IsCompleted ? null : pump;
            return;
        }

        var sending = SendAsync(_out.Gathered);
        if (sending.IsCompletedSuccessfully)
        {
            SendingDone(sending.Result);
        }
        else
        {
            _pump = FinishAsync(sending);
        }
    }

    private async Task FinishAsync(ValueTask<bool> sending) => SendingDone(await sending);

    private void SendingDone(bool sent)
    {
        _out.Sent();
        if (!sent)
        {
            // Its answer may have come before it ended the connection.
            _sendFailed = true;
        }

        _progressAt = _pool.Now;
        _requestSent = true;
    }

    /// <summary>Sends the body as it comes. Never throws: what goes wrong ends the connection.</summary>
    private async Task PumpAsync(MemberBody body, bool expectsContinue)
    {
        // Good for the connection's life: it is cancelled only when that ends.
        var stop = (_bodyStop ??= new CancellationTokenSource()).Token;
        try
        {
            if (!expectsContinue || await MayGoAheadAsync(stop))
            {
                SendingDone(await SendBodyAsync(body, stop));
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Whoever ended the connection knows.
        }
        catch (RequestBodyException fault)
        {
            End(fault);
        }
        catch (Exception fault)
        {
            End(new RequestBodyException(fault));
        }
    }

    private async ValueTask<bool> MayGoAheadAsync(CancellationToken stop)
    {
        var goAhead = _goAhead = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!await FlushAsync())
        {
            SendingDone(sent: false);
            return false;
        }

        try
        {
            return await goAhead.Task.WaitAsync(s_continueTime, _pool.Time, stop);
        }
        catch (TimeoutException)
        {
            return true;
        }
    }

    private async ValueTask<bool> SendBodyAsync(MemberBody body, CancellationToken stop)
    {
        var left = body.Length;
        var isChunked = left < 0;
        for (var turn = 1; left != 0; turn++)
        {
            if (turn % MostAtOnce == 0)
            {
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            }

            var reading = body.ReadAsync(stop);
            if (!reading.IsCompleted && _out.Count > 0 && !await FlushAsync())
            {
                await AbandonAsync(reading);
                return false;
            }

            var piece = await reading;
            if (piece.IsEmpty)
            {
                if (!isChunked)
                {
                    throw new EndOfStreamException("the request's body is shorter than its Content-Length");
                }

                break;
            }

            if (!isChunked && (left -= piece.Length) < 0)
            {
                throw new InvalidDataException("the request's body is longer than its Content-Length");
            }

            _sendsLast = left == 0;

            if (!await SendPieceAsync(piece, isChunked))
            {
                return false;
            }
        }

        if (isChunked)
        {
            _out.AddLastChunk(body.Trailers);
            _sendsLast = true;
        }

        return _out.Count == 0 || await FlushAsync();
    }

    /// <summary>Gathers or sends a piece of the body.</summary>
    private async ValueTask<bool> SendPieceAsync(ReadOnlyMemory<byte> piece, bool isChunked)
    {
        while (!piece.IsEmpty)
        {
            if (isChunked || piece.Length <= CopiedPiece)
            {
                var part = piece[..Math.Min(piece.Length, CopiedPiece)];
                if (_out.Count + part.Length > SendBuffer.MostGathered && !await FlushAsync())
                {
                    return false;
                }

                if (isChunked)
                {
                    _out.AddChunk(part.Span);
                }
                else
                {
                    _out.Add(part.Span);
                }

                piece = piece[part.Length..];
                continue;
            }

            if (_out.Count > 0 && !await FlushAsync())
            {
                return false;
            }

            var slice = piece[..Math.Min(piece.Length, MostSent)];
            if (!await SendAsync(slice))
            {
                return false;
            }

            piece = piece[slice.Length..];
        }

        return true;
    }

    private async ValueTask<bool> FlushAsync()
    {
        var sent = await SendAsync(_out.Gathered);
        _out.Sent();
        return sent;
    }

    /// <summary>The member takes no more of the body: nobody waits for the rest of it.</summary>
    private async ValueTask AbandonAsync(ValueTask<ReadOnlyMemory<byte>> reading)
    {
        await _bodyStop!.CancelAsync();
        try
        {
            await reading;
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException)
        {
        }
    }

    /// <summary>Sends all of it.</summary>
    /// <returns>False when the connection does not take it.</returns>
    private ValueTask<bool> SendAsync(ReadOnlyMemory<byte> bytes)
    {
        if (_tls is null)
        {
            try
            {
                // Who asks meanwhile must not hear of a request that never left.
                var sentBefore = _sentAny;
                _sentAny = true;
                var sent = _socket.Send(bytes.Span, SocketFlags.None, out var error);
                _sentAny = sentBefore || sent > 0;
                if (sent == bytes.Length)
                {
                    return new ValueTask<bool>(true);
                }

                if (error is not (SocketError.Success or SocketError.WouldBlock))
                {
                    return new ValueTask<bool>(false);
                }

                bytes = bytes[sent..];
            }
            catch (ObjectDisposedException)
            {
                return new ValueTask<bool>(false);
            }
        }

        return SendWaitingAsync(bytes);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> SendWaitingAsync(ReadOnlyMemory<byte> bytes)
    {
        _sendingSince = _pool.Now;
        _sentAny = true; // From here on, who knows.
        try
        {
            if (_tls is not null)
            {
                await _tls.WriteAsync(bytes);
            }
            else
            {
                await _socket.SendAsync(bytes, SocketFlags.None);
            }

            return true;
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException or IOException or InvalidOperationException)
        {
            return false;
        }
        finally
        {
            _sendingSince = 0;
            _progressAt = _pool.Now;
        }
    }
}
