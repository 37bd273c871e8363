using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Skitai.Engine.Hosting;

namespace Skitai.Engine.Apps;

/// <summary>
/// Brings a request's body to the app: what fits into one frame is read first and travels with the request, so that a
/// slow client holds no app thread; the rest is streamed under the worker's credit.
/// </summary>
internal sealed class RequestBody(Exchange exchange, PipeReader reader, AppRequest request, TimeProvider time, TimeSpan patience)
{
    /// <summary>How long an app may think about a request with <c>Expect: 100-continue</c> before it gets the body anyway.</summary>
    private static readonly TimeSpan HoldBack = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Reads up to one frame's worth into <paramref name="into"/>; more stays in the reader.
    /// </summary>
    /// <returns>How many bytes, and whether that was all.</returns>
    /// <exception cref="TimeoutException">The client stalls.</exception>
    /// <exception cref="BadHttpRequestException">It breaks the rules, or sends more than allowed.</exception>
    /// <exception cref="IOException">It is gone.</exception>
    public async ValueTask<(int Length, bool All)> ReadFirstAsync(byte[] into)
    {
        var filled = 0;
        while (true)
        {
            var read = await ReadAsync();
            var taken = (int)Math.Min(read.Buffer.Length, Frame.MaxData - filled);
            var part = read.Buffer.Slice(0, taken);
            part.CopyTo(into.AsSpan(filled));
            filled += taken;
            exchange.BytesReceived += taken;
            var all = read.IsCompleted && taken == read.Buffer.Length;
            reader.AdvanceTo(part.End);
            if (all || filled == Frame.MaxData)
            {
                return (filled, all);
            }
        }
    }

    /// <summary>Streams the rest of the body to the worker. Ends when all is sent or <see cref="AppRequest.StopUpload"/> was called.</summary>
    /// <param name="heldBack">Not before the app reads: the client waits for <c>100 Continue</c>.</param>
    public async Task StreamAsync(bool heldBack)
    {
        try
        {
            if (heldBack)
            {
                await Task.WhenAny(request.WaitForUploadNewsAsync(heldBack: true), Task.Delay(HoldBack, time));
            }

            while (request.Upload == UploadState.None)
            {
                var read = await ReadAsync();
                var rest = read.Buffer;
                while (rest.Length > 0 && request.Upload == UploadState.None)
                {
                    var credit = request.TakeUploadCredit((int)Math.Min(rest.Length, Frame.MaxData));
                    if (credit == 0)
                    {
                        await request.WaitForUploadNewsAsync(heldBack: false);
                        continue;
                    }

                    Send(rest.Slice(0, credit), end: false);
                    exchange.BytesReceived += credit;
                    rest = rest.Slice(credit);
                }

                var all = read.IsCompleted && rest.Length == 0;
                reader.AdvanceTo(rest.Start);
                if (all && request.Upload == UploadState.None)
                {
                    request.Worker?.SendData(request, [], end: true);
                    request.EndUpload(UploadState.Done);
                }
            }
        }
        catch (TimeoutException)
        {
            request.EndUpload(UploadState.Stalled);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or BadHttpRequestException)
        {
            Error = error as BadHttpRequestException;
            request.EndUpload(UploadState.Broken);
        }
    }

    /// <summary>What the client did wrong; null = it just went.</summary>
    public BadHttpRequestException? Error { get; private set; }

    /// <summary>The answer is settled: <see cref="StreamAsync"/> shall end now.</summary>
    public void Stop()
    {
        request.StopUpload();
        reader.CancelPendingRead();
    }

    private void Send(ReadOnlySequence<byte> part, bool end)
    {
        if (part.IsSingleSegment)
        {
            request.Worker?.SendData(request, part.FirstSpan, end);
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)part.Length);
        part.CopyTo(buffer);
        request.Worker?.SendData(request, buffer.AsSpan(0, (int)part.Length), end);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private async ValueTask<ReadResult> ReadAsync()
    {
        if (reader.TryRead(out var ready))
        {
            return ready;
        }

        using var timeout = new CancellationTokenSource(patience, time);
        request.WaitsForClient = true;
        try
        {
            return await reader.ReadAsync(timeout.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            throw new TimeoutException();
        }
        finally
        {
            request.WaitsForClient = false;
        }
    }
}
