using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Skitai.Engine.Hosting;

/// <summary>
/// Looks at the first bytes of a clear-text connection. A client that begins with HTTP/2's preface (RFC 9113 section 3.3,
/// "prior knowledge") is handed to the in-process HTTP/2 endpoint; everybody else goes on to HTTP/1.1. One byte decides
/// for nearly everybody, and nothing is consumed.
/// </summary>
internal sealed class Http2Preface(Http2Listener http2, TimeSpan patience)
{
    private static readonly byte[] Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    private enum Verdict
    {
        Http1,
        Http2,
        NotYet,
    }

    /// <summary>The middleware.</summary>
    public ConnectionDelegate Use(ConnectionDelegate next) => context =>
    {
        var input = context.Transport.Input;
        ReadResult result;
        try
        {
            if (!input.TryRead(out result))
            {
                return WaitAsync(context, next);
            }
        }
        catch (Exception exception) when (exception is ConnectionResetException or ConnectionAbortedException)
        {
            return Task.CompletedTask;
        }

        var verdict = Judge(result);
        input.AdvanceTo(result.Buffer.Start, verdict == Verdict.NotYet ? result.Buffer.End : result.Buffer.Start);
        if (verdict != Verdict.NotYet)
        {
            return verdict == Verdict.Http2 ? http2.HandOverAsync(context) : next(context);
        }

        return WaitAsync(context, next);
    };

    private async Task WaitAsync(ConnectionContext context, ConnectionDelegate next)
    {
        switch (await ListenAsync(context.Transport.Input))
        {
            case Verdict.Http1:
                await next(context);
                break;
            case Verdict.Http2:
                await http2.HandOverAsync(context);
                break;
        }
    }

    /// <summary>Waits until the client has said what it speaks; <see cref="Verdict.NotYet"/> when it is gone or takes too long.</summary>
    private async ValueTask<Verdict> ListenAsync(PipeReader input)
    {
        using var waiting = new CancellationTokenSource(patience);
        while (true)
        {
            ReadResult result;
            try
            {
                result = await input.ReadAsync(waiting.Token);
            }
            catch (Exception exception) when (exception is ConnectionResetException or ConnectionAbortedException or IOException or OperationCanceledException)
            {
                return Verdict.NotYet;
            }

            var verdict = Judge(result);
            input.AdvanceTo(result.Buffer.Start, verdict == Verdict.NotYet ? result.Buffer.End : result.Buffer.Start);
            if (result.IsCanceled || (result.IsCompleted && result.Buffer.IsEmpty))
            {
                return Verdict.NotYet;
            }

            if (verdict != Verdict.NotYet)
            {
                return verdict;
            }
        }
    }

    private static Verdict Judge(in ReadResult result)
    {
        var buffer = result.Buffer;
        if (buffer.IsEmpty)
        {
            return result.IsCompleted ? Verdict.Http1 : Verdict.NotYet;
        }

        if (buffer.FirstSpan is [var first, ..] && first != Preface[0])
        {
            return Verdict.Http1;
        }

        Span<byte> start = stackalloc byte[24];
        var length = (int)Math.Min(buffer.Length, Preface.Length);
        buffer.Slice(0, length).CopyTo(start);
        if (!Preface.AsSpan().StartsWith(start[..length]))
        {
            return Verdict.Http1;
        }

        return length == Preface.Length ? Verdict.Http2 : result.IsCompleted ? Verdict.Http1 : Verdict.NotYet;
    }
}
