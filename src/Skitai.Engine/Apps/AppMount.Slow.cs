using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Skitai.Engine.Hosting;

namespace Skitai.Engine.Apps;

/// <summary>Everything but a small answer to a request without a body.</summary>
public sealed partial class AppMount
{
    /// <summary>
    /// Who kills all workers kills them one after the other, so the second one that a request gets may be next. A request
    /// that itself ends its worker gets one more only.
    /// </summary>
    private const int MostRetries = 2;

    private async Task AnswerWithBodyAsync(Exchange exchange)
    {
        var reader = exchange.Features.GetRequiredFeature<IRequestBodyPipeFeature>().Reader;
        var request = _pool.Rent();
        request.Begin(exchange);
        using var body = new RequestBody(exchange, reader, request, _pool.Settings.Tune, _pool.Time);
        var declared = exchange.Request.Headers.ContentLength;
        var gathers = declared is null && _pool.Settings.Tune.BufferChunked;
        var heldBack = !gathers && exchange.Request.Headers.Expect.Count > 0;
        var first = ArrayPool<byte>.Shared.Rent(heldBack ? 1 : (int)Math.Min(declared ?? Frame.MaxData, Frame.MaxData));
        try
        {
            if (declared is null)
            {
                body.AllowForChunks();
            }

            var (length, all) = heldBack ? (0, false) : await body.ReadFirstAsync(first);
            var whole = all ? length : -1L;
            if (gathers && !all)
            {
                whole = length + await body.GatherAsync(_pool.Settings.SpoolDirectories);
                all = whole == length;
            }

            if (!_environ.Encode(exchange, declared is null ? whole : -1, request))
            {
                await StatusPage.WriteAsync(exchange, StatusCodes.Status400BadRequest);
                return;
            }

            request.EnsureFrame(request.FrameLength + length);
            first.AsSpan(0, length).CopyTo(request.Frame.AsSpan(request.FrameLength));
            request.FrameLength += length;
            request.BodyComplete = all;
        }
        catch (Exception error) when (error is TimeoutException or BadHttpRequestException or BodySpoolException)
        {
            await RefuseBodyAsync(exchange, error);
            return;
        }
        catch (IOException error) when (RequestBody.IsNonsense(error))
        {
            await RefuseBodyAsync(exchange, RequestBody.Refusal(error));
            return;
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            Cut(exchange);
            return;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(first);
        }

        _pool.Submit(request);
        await AnswerSlowlyAsync(exchange, request, request.BodyComplete ? null : body, heldBack);
        _pool.Return(request);
    }

    /// <param name="exchange">The request.</param>
    /// <param name="error">What is wrong with its body; null = it comes too slowly.</param>
    private ValueTask RefuseBodyAsync(Exchange exchange, Exception? error)
    {
        var status = StatusCodes.Status408RequestTimeout;
        if (error is BadHttpRequestException bad)
        {
            status = bad.StatusCode;
        }
        else if (error is BodySpoolException)
        {
            AppLog.BodyNotKept(_pool.Log, _pool.Label, exchange.Method, OutputText.Escape(exchange.Request.RawTarget), error.Message);
            status = StatusCodes.Status503ServiceUnavailable;
        }

        exchange.Response.Headers.Connection = "close";
        return StatusPage.WriteAsync(exchange, status);
    }

    /// <summary>Waits for the answer of a submitted request, tries again where that is right, and sends it.</summary>
    private async Task AnswerSlowlyAsync(Exchange exchange, AppRequest request, RequestBody? body, bool heldBack = false)
    {
        Task? streaming = null;
        CancellationTokenRegistration gone = default;
        var retries = 0;
        try
        {
            while (true)
            {
                if (body is not null && streaming is null && request.Worker is not null)
                {
                    streaming = body.StreamAsync(heldBack);
                }

                if (request.ClientLeft || (request.Upload == UploadState.Broken && body?.Error is not (BadHttpRequestException or BodySpoolException)))
                {
                    _pool.Cancel(request);
                    Cut(exchange);
                    return;
                }

                if (request.Upload is UploadState.Stalled or UploadState.Broken && request.Outcome == AppOutcome.None)
                {
                    _pool.Cancel(request);
                    await RefuseBodyAsync(exchange, body?.Error);
                    return;
                }

                if (request.Outcome == AppOutcome.WorkerLost && IsIdempotent(request.Method)
                    && (request.BodyComplete || body is { IsGathered: true })
                    && (retries == 0 || (retries < MostRetries && request.Worker is { } lost && await lost.WasKilledAsync())))
                {
                    retries++;
                    await gone.DisposeAsync();
                    gone = default;
                    if (streaming is not null)
                    {
                        request.StopUpload();
                        await streaming;
                        streaming = null;
                    }

                    request.Rewind();
                    _pool.Submit(request);
                    continue;
                }

                if (request.Outcome != AppOutcome.None)
                {
                    break;
                }

                if ((request.IsWatched || body is not null) && gone == default)
                {
                    gone = exchange.ClientGone.UnsafeRegister(static state => ((AppRequest)state!).OnClientGone(), request);
                }

                await request.WaitAsync();
            }

            await WriteOutcomeAsync(exchange, request, gone);
        }
        finally
        {
            await gone.DisposeAsync();
            if (!request.Ended)
            {
                _pool.Cancel(request);
            }

            if (streaming is not null)
            {
                body!.Stop();
                await streaming;
            }
        }
    }

    private async ValueTask WriteOutcomeAsync(Exchange exchange, AppRequest request, CancellationTokenRegistration gone)
    {
        switch (request.Outcome)
        {
            case AppOutcome.Complete:
                await WriteCompleteAsync(exchange, request);
                break;
            case AppOutcome.Begun:
                await WriteStreamAsync(exchange, request, gone);
                break;
            case AppOutcome.BadHead:
                _pool.Cancel(request);
                await RefuseAsync(exchange, request, request.Fault ?? "");
                break;
            case AppOutcome.WorkerLost:
                await StatusPage.WriteAsync(exchange, StatusCodes.Status502BadGateway, "The application stopped while it worked on this request.");
                break;
            case AppOutcome.TimedOut:
                await StatusPage.WriteAsync(exchange, StatusCodes.Status504GatewayTimeout, "The application took too long.");
                break;
            case AppOutcome.Busy:
                exchange.Response.Headers.RetryAfter =
                    Math.Max(1, (int)_pool.Settings.Tune.ResponseTimeout.TotalSeconds / 2).ToString(CultureInfo.InvariantCulture);
                await StatusPage.WriteAsync(exchange, StatusCodes.Status503ServiceUnavailable, "The application is busy.");
                break;
            case AppOutcome.Unavailable:
                await StatusPage.WriteAsync(exchange, StatusCodes.Status503ServiceUnavailable, "The application could not be started.");
                break;
            default:
                await StatusPage.WriteAsync(exchange, StatusCodes.Status500InternalServerError);
                break;
        }
    }

    private async ValueTask WriteStreamAsync(Exchange exchange, AppRequest request, CancellationTokenRegistration gone)
    {
        var head = request.Head!;
        if (!TryWriteHead(exchange, head))
        {
            _pool.Cancel(request);
            await RefuseAsync(exchange, request, "its head cannot be sent");
            return;
        }

        var sendsBody = head.HasBody && exchange.Method != "HEAD";
        if (gone == default)
        {
            gone = exchange.ClientGone.UnsafeRegister(static state => ((AppRequest)state!).OnClientGone(), request);
        }

        try
        {
            await PumpAsync(exchange, request, sendsBody, sendsBody ? head.ContentLength : -1);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The client is gone while we write, or a file has become shorter.
            _pool.Cancel(request);
            Cut(exchange);
        }
        finally
        {
            await gone.DisposeAsync();
        }
    }

    private async ValueTask PumpAsync(Exchange exchange, AppRequest request, bool sendsBody, long left)
    {
        var writer = exchange.ResponseBody.Writer;
        using var watch = exchange.IsHttp2 ? null : new StallWatch(exchange, _pool.Settings.Tune.ResponseTimeout, _pool.Time);
        while (true)
        {
            if (request.ClientLeft)
            {
                _pool.Cancel(request);
                Cut(exchange);
                return;
            }

            if (!request.TryTakePiece(out var piece, out var over))
            {
                if (over)
                {
                    break;
                }

                // The head, should nothing of the body be there yet.
                if (await IsGoneAfterAsync(writer.FlushAsync(), watch))
                {
                    _pool.Cancel(request);
                    return;
                }

                await request.WaitAsync();
                continue;
            }

            try
            {
                var size = piece.File is null ? piece.Length : piece.FileLength;
                if (left >= 0 && (left -= size) < 0)
                {
                    AppLog.BadAnswer(_pool.Log, _pool.Label, request.Method, OutputText.Escape(request.Url), "the body is longer than its Content-Length");
                    _pool.Cancel(request);
                    Cut(exchange);
                    return;
                }

                request.WaitsForDownload = true;
                if (!sendsBody)
                {
                    // Taken and dropped.
                }
                else if (piece.File is not null)
                {
                    await _sender.SendFileAsync(exchange, piece.File, piece.Offset, piece.FileLength);
                }
                else
                {
                    exchange.BytesSent += piece.Length;
                    if (await IsGoneAfterAsync(writer.WriteAsync(piece.Buffer.AsMemory(0, piece.Length)), watch))
                    {
                        _pool.Cancel(request);
                        return;
                    }
                }
            }
            finally
            {
                request.WaitsForDownload = false;
                piece.Release();
            }

            if (piece.TookCredit && request.Consumed(piece.Length) is > 0 and var credit)
            {
                request.Worker?.SendWindow(request, credit);
            }
        }

        if (request.Fault is not null || left > 0)
        {
            Cut(exchange); // a proper end would be a lie
        }
    }

    /// <summary>Waits for a write; the watch cuts a client that takes nothing (over HTTP/2 the body watches itself).</summary>
    /// <returns>Whether the client is gone.</returns>
    private static ValueTask<bool> IsGoneAfterAsync(ValueTask<FlushResult> write, StallWatch? watch)
    {
        return write.IsCompletedSuccessfully ? new ValueTask<bool>(write.Result.IsCompleted) : WaitAsync();

        async ValueTask<bool> WaitAsync()
        {
            watch?.Arm();
            try
            {
                return (await write).IsCompleted;
            }
            finally
            {
                watch?.Disarm();
            }
        }
    }

    private static bool IsIdempotent(string method) => method is "GET" or "HEAD" or "PUT" or "DELETE" or "OPTIONS" or "TRACE";
}
