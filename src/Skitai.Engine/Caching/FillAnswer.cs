using Microsoft.AspNetCore.Http;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching;

/// <summary>Answers with what is on its way into the store, as it comes.</summary>
internal static class FillAnswer
{
    /// <summary>Answers.</summary>
    /// <param name="sender">Sends the bytes.</param>
    /// <param name="request">The request, its answer untouched.</param>
    /// <param name="flight">The flight that the request was begun for; null = it is another one's.</param>
    /// <param name="landing">What came of the flight.</param>
    /// <param name="reader">Reads the body.</param>
    /// <param name="now">The time.</param>
    /// <param name="status">What Cache-Status says.</param>
    public static async ValueTask WriteAsync(
        FileSender sender, CachedRequest request, Flight? flight, Landing landing, FillReader reader, DateTimeOffset now, string status)
    {
        var exchange = request.Exchange;
        var response = exchange.Response;
        var head = landing.Head!;
        if (!StoredAnswer.TryWriteHead(request, head, landing.Ready!, now, status, isNew: true, flight is null ? null : landing.OwnFields))
        {
            await StatusPage.WriteAsync(exchange, StatusCodes.Status502BadGateway);
            return;
        }

        if (response.StatusCode == StatusCodes.Status304NotModified)
        {
            return;
        }

        var length = landing.Filling!.Length >= 0 ? landing.Filling.Length : flight?.CompleteLength ?? -1;
        if (length >= 0 && head.Status != StatusCodes.Status204NoContent)
        {
            response.Headers.ContentLength = length;
        }

        if (length != 0)
        {
            await SendAsync(sender, exchange, flight, reader, exchange.ClientGone);
        }
    }

    private static async ValueTask SendAsync(FileSender sender, Exchange exchange, Flight? flight, FillReader reader, CancellationToken clientGone)
    {
        try
        {
            while (true)
            {
                if (!reader.TryRead(out var bytes))
                {
                    // Nothing is here: the head must not wait for what comes.
                    await exchange.ResponseBody.Writer.FlushAsync(CancellationToken.None);
                    bytes = await reader.ReadAsync(clientGone);
                }

                if (bytes.IsEmpty)
                {
                    return;
                }

                await sender.SendBytesAsync(exchange, bytes);
                clientGone.ThrowIfCancellationRequested();
            }
        }
        catch (BodyLostException)
        {
            if (flight is null || await flight.TakeRestAsync() is not { } rest)
            {
                exchange.Abort(); // a proper end would be a lie
                return;
            }

            await SendRestAsync(sender, exchange, rest, clientGone);
        }
    }

    private static async ValueTask SendRestAsync(FileSender sender, Exchange exchange, RestOfAnswer rest, CancellationToken clientGone)
    {
        await using var answer = rest.Answer;
        try
        {
            for (var bytes = rest.First; !bytes.IsEmpty; bytes = answer.TryRead(out var next) ? next : await answer.ReadAsync(clientGone))
            {
                await sender.SendBytesAsync(exchange, bytes);
                clientGone.ThrowIfCancellationRequested();
            }
        }
        catch (MemberException)
        {
            exchange.Abort();
        }
    }
}
