using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace Skitai.Engine.Hosting.Tls;

/// <summary>
/// Answers a client that speaks plain HTTP to a port that speaks TLS: a failed handshake would leave a person in front of an
/// empty page. The first byte decides; a TLS client's is a handshake record's, 0x16 (RFC 8446 section 5.1), no letter.
/// </summary>
/// <param name="refused">Counts and logs it.</param>
/// <param name="patience">How long the first byte may take.</param>
internal sealed class PlainHttpRefusal(RefusedRequests refused, TimeSpan patience)
{
    private static readonly byte[] s_answer = Answer();

    /// <summary>The middleware, before TLS.</summary>
    public ConnectionDelegate Use(ConnectionDelegate next) => context => TakeAsync(context, next);

    private async Task TakeAsync(ConnectionContext context, ConnectionDelegate next)
    {
        var input = context.Transport.Input;
        try
        {
            if (!input.TryRead(out var read))
            {
                using var waiting = new CancellationTokenSource(patience);
                read = await input.ReadAsync(waiting.Token);
            }

            var isPlain = IsMethod(read.Buffer);
            input.AdvanceTo(read.Buffer.Start);
            if (isPlain)
            {
                refused.Refuse(context.Features.Get<ClientConnection>(), 400);
                await context.Transport.Output.WriteAsync(s_answer, context.ConnectionClosed);
                return;
            }
        }
        catch (Exception exception) when (exception is IOException or ConnectionAbortedException or OperationCanceledException)
        {
            return;
        }

        await next(context);
    }

    /// <summary>Whether it begins as a method does; anything else that is no TLS is no business of ours.</summary>
    private static bool IsMethod(in ReadOnlySequence<byte> bytes) =>
        bytes.FirstSpan is [var first, ..] && char.IsAsciiLetter((char)first);

    private static byte[] Answer()
    {
        const string page = "This port speaks https.\n";
        return Encoding.ASCII.GetBytes(
            "HTTP/1.1 400 Bad Request\r\nServer: skitaid\r\nConnection: close\r\nContent-Type: text/plain\r\n"
            + $"Content-Length: {page.Length}\r\n\r\n{page}");
    }
}
