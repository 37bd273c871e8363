using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

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
        var input = context.Transport.Input;
        var watch = new Watch(input, Environment.TickCount64 + (long)patience.TotalMilliseconds);
        context.Features.Get<IConnectionHeartbeatFeature>()?.OnHeartbeat(static state => ((Watch)state).Check(), watch);
        Verdict verdict;
        do
        {
            ReadResult result;
            try
            {
                result = await input.ReadAsync();
            }
            catch (Exception exception) when (exception is ConnectionResetException or ConnectionAbortedException or IOException)
            {
                return;
            }

            verdict = Judge(result);
            input.AdvanceTo(result.Buffer.Start, verdict == Verdict.NotYet ? result.Buffer.End : result.Buffer.Start);
            if (result.IsCanceled || (result.IsCompleted && result.Buffer.IsEmpty))
            {
                // It has said nothing, or not enough, for too long.
                watch.Done();
                return;
            }
        }
        while (verdict == Verdict.NotYet);

        watch.Done();
        await (verdict == Verdict.Http2 ? http2.HandOverAsync(context) : next(context));
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

    /// <summary>Ends the wait of a client that does not say what it speaks; checked by Kestrel's heartbeat, once a second.</summary>
    private sealed class Watch(PipeReader input, long until)
    {
        private readonly Lock _gate = new();
        private bool _done;

        public void Check()
        {
            if (Environment.TickCount64 < until)
            {
                return;
            }

            lock (_gate)
            {
                if (!_done)
                {
                    _done = true;
                    input.CancelPendingRead();
                }
            }
        }

        public void Done()
        {
            lock (_gate)
            {
                _done = true;
            }
        }
    }
}
