using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Skitai.Engine.Hosting;
using Skitai.Engine.Logging;

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
        var request = _pool.Rent();
        request.Begin(exchange);
        using var body = new RequestBody(exchange, request, _pool.Settings.Tune, _pool.Time);
        var declared = exchange.Request.Headers.ContentLength;
        var expects = exchange.Request.Headers.Expect.Count > 0;
        var gathers = _pool.Settings.Tune.BufferUploads && (declared is null || !expects);
        var heldBack = !gathers && expects; // 100 Continue is the app's to say: it may not want the body
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
        catch (Exception error) when (error is TimeoutException || RequestBody.IsOfBody(error))
        {
            await RefuseBodyAsync(exchange, error);
            return;
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            exchange.Abort();
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
        else if (error is IOException)
        {
            status = StatusCodes.Status400BadRequest;
        }
        else if (error is SpoolException)
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

                if (request.ClientLeft || (request.Upload == UploadState.Broken && !RequestBody.IsOfBody(body?.Error)))
                {
                    _pool.Cancel(request);
                    exchange.Abort();
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

        using var stream = new AnswerStream(exchange, request, _pool, _sender, sendsBody);
        try
        {
            await stream.SendAsync();
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or InvalidOperationException or SpoolException)
        {
            // The client is gone while we write, or a file has become shorter, or the disk is broken.
            _pool.Cancel(request);
            exchange.Abort();
        }
        finally
        {
            await gone.DisposeAsync();
        }
    }

    private static bool IsIdempotent(string method) => method is "GET" or "HEAD" or "PUT" or "DELETE" or "OPTIONS" or "TRACE";
}
