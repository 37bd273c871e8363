using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>Writes a member's answer to the client, at the client's pace and as it comes.</summary>
/// <param name="patience">A client that takes nothing for so long is cut off.</param>
/// <param name="time">The clock.</param>
internal sealed class AnswerWriter(TimeSpan patience, TimeProvider time)
{
    /// <summary>The most that waits to be sent with what comes behind it, in bytes.</summary>
    private const int MostGathered = 128 * 1024;

    /// <summary>Puts status and fields into the answer; nothing is sent yet.</summary>
    /// <returns>False when they cannot be sent: the answer is as it was before.</returns>
    public static bool TryWriteHead(Exchange exchange, MemberAnswer answer)
    {
        var response = exchange.Response;
        var headers = response.Headers;
        try
        {
            response.StatusCode = answer.Status;
            response.ReasonPhrase = answer.Reason;
            foreach (ref readonly var line in answer.Headers.Lines)
            {
                if (line.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                {
                    // Only where it tells of a body that is not sent; else it is what BodyLength says.
                    if (answer.BodyLength == 0 && answer.Status != 204 && long.TryParse(line.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var length))
                    {
                        headers.ContentLength = length;
                    }
                }
                else if (!line.Name.Equals("Server", StringComparison.OrdinalIgnoreCase))
                {
                    headers[line.Name] = headers.TryGetValue(line.Name, out var before) ? StringValues.Concat(before, line.Value) : line.Value;
                }
            }

            if (answer.Status == StatusCodes.Status205ResetContent)
            {
                headers.ContentLength = 0;
            }
            else if (answer.BodyLength > 0)
            {
                headers.ContentLength = answer.BodyLength;
            }
            else if (answer.BodyLength < 0 && ChunkedBody.IsFor(exchange))
            {
                headers.TransferEncoding = ChunkedBody.Coding;
            }
        }
        catch (InvalidOperationException)
        {
            TakeBackHead(exchange);
            return false;
        }

        return true;
    }

    /// <summary>Undoes <see cref="TryWriteHead"/>, as long as nothing was sent.</summary>
    public static void TakeBackHead(Exchange exchange)
    {
        var headers = exchange.Response.Headers;
        var server = headers.Server;
        headers.Clear();
        headers.Server = server;
        exchange.Response.ReasonPhrase = null;
        exchange.BytesSent = 0;
    }

    /// <summary>Sends the body behind the head; a body that came in one piece goes out with the head.</summary>
    /// <exception cref="MemberException">It cannot be had to its end.</exception>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public ValueTask WriteBodyAsync(Exchange exchange, MemberAnswer answer, CancellationToken clientGone)
    {
        exchange.BeginAnswer();
        if (answer.BodyLength == 0 || answer.Status == StatusCodes.Status205ResetContent)
        {
            return ValueTask.CompletedTask; // a 205 has none, whatever the member says (RFC 9110 section 15.3.6)
        }

        var writer = exchange.ResponseBody.Writer;
        if (answer.BodyLength < 0 || answer.BodyLength > exchange.Piece || !answer.TryRead(out var bytes))
        {
            return PassOnAsync(exchange, answer, writer, default, clientGone);
        }

        if (bytes.Length != answer.BodyLength)
        {
            return PassOnAsync(exchange, answer, writer, bytes, clientGone);
        }

        bytes.Span.CopyTo(writer.GetSpan(bytes.Length));
        writer.Advance(bytes.Length);
        exchange.BytesSent += bytes.Length;

        // Kestrel sends it with the head when we are done.
        return answer.TryRead(out var end) && end.IsEmpty && answer.Trailers is null ? ValueTask.CompletedTask : ReadEndAsync(exchange, answer, clientGone);
    }

    private static async ValueTask ReadEndAsync(Exchange exchange, MemberAnswer answer, CancellationToken clientGone)
    {
        await answer.ReadAsync(clientGone);
        WriteTrailers(exchange, answer.Trailers);
    }

    private ValueTask PassOnAsync(Exchange exchange, MemberAnswer answer, PipeWriter writer, ReadOnlyMemory<byte> bytes, CancellationToken clientGone) =>
        answer.BodyLength > 0 && !exchange.IsHttp2
            ? GatherAsync(exchange, answer, writer, bytes, clientGone)
            : StreamAsync(exchange, answer, writer, bytes, clientGone);

    /// <summary>
    /// HTTP/1.1 with a length: nothing is put between the bytes, so what comes in several pieces at once is sent as one. Nothing
    /// that is here waits for what is not.
    /// </summary>
    private async ValueTask GatherAsync(Exchange exchange, MemberAnswer answer, PipeWriter writer, ReadOnlyMemory<byte> bytes, CancellationToken clientGone)
    {
        using var watch = new StallWatch(exchange, patience, time);
        await exchange.ResponseBody.StartAsync(CancellationToken.None); // or Kestrel would copy what is written before the head is
        var gathered = 0;
        while (true)
        {
            if (bytes.IsEmpty && !answer.TryRead(out bytes))
            {
                var reading = answer.ReadAsync(clientGone);
                if (!reading.IsCompleted && gathered >= 0)
                {
                    gathered = -1;
                    await FlushAsync(writer.FlushAsync(CancellationToken.None), watch);
                }

                try
                {
                    bytes = await reading;
                }
                catch (MemberException)
                {
                    await FlushAsync(writer.FlushAsync(CancellationToken.None), watch);
                    throw;
                }
            }

            if (bytes.IsEmpty)
            {
                await FlushAsync(writer.FlushAsync(CancellationToken.None), watch);
                return;
            }

            exchange.BytesSent += bytes.Length;
            writer.Write(bytes.Span);
            gathered = Math.Max(0, gathered) + bytes.Length;
            bytes = default;
            if (gathered >= MostGathered)
            {
                gathered = 0;
                await FlushAsync(writer.FlushAsync(CancellationToken.None), watch);
            }
        }
    }

    private async ValueTask StreamAsync(Exchange exchange, MemberAnswer answer, PipeWriter writer, ReadOnlyMemory<byte> bytes, CancellationToken clientGone)
    {
        using var watch = exchange.IsHttp2 ? null : new StallWatch(exchange, patience, time);
        var isChunkedHere = ChunkedBody.IsUsed(exchange);
        while (true)
        {
            if (bytes.IsEmpty && !answer.TryRead(out bytes))
            {
                // Nothing is here: what was written must not wait for what comes, the head above all.
                await FlushAsync(writer.FlushAsync(CancellationToken.None), watch);
                bytes = await answer.ReadAsync(clientGone);
            }

            if (bytes.IsEmpty)
            {
                if (isChunkedHere)
                {
                    ChunkedBody.WriteEnd(writer, answer.Trailers);
                    await FlushAsync(writer.FlushAsync(CancellationToken.None), watch);
                }
                else
                {
                    WriteTrailers(exchange, answer.Trailers);
                }

                return;
            }

            exchange.BytesSent += bytes.Length;
            if (isChunkedHere)
            {
                ChunkedBody.WriteChunk(writer, bytes.Span);
                bytes = default;
            }

            await FlushAsync(writer.WriteAsync(bytes, CancellationToken.None), watch);
            bytes = default;
        }
    }

    private static async ValueTask FlushAsync(ValueTask<FlushResult> flush, StallWatch? watch)
    {
        FlushResult result;
        if (flush.IsCompletedSuccessfully)
        {
            result = flush.Result;
        }
        else
        {
            watch?.Arm();
            try
            {
                result = await flush;
            }
            finally
            {
                watch?.Disarm();
            }
        }

        if (result.IsCompleted || result.IsCanceled)
        {
            throw new OperationCanceledException("the client is gone");
        }
    }

    private static void WriteTrailers(Exchange exchange, HeaderList? trailers)
    {
        if (trailers is null || exchange.Features.Get<IHttpResponseTrailersFeature>() is not { Trailers.IsReadOnly: false } feature)
        {
            return;
        }

        foreach (ref readonly var line in trailers.Lines)
        {
            if (!TransitFields.EndsHere(line.Name))
            {
                feature.Trailers[line.Name] = feature.Trailers.TryGetValue(line.Name, out var before) ? StringValues.Concat(before, line.Value) : line.Value;
            }
        }
    }
}
