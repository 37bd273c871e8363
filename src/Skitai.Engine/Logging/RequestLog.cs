using System.Diagnostics;
using System.Text;
using Skitai.Engine.Hosting;

namespace Skitai.Engine.Logging;

/// <summary>
/// <c>request.log</c>: a line of 18 fields for each request, formatted into bytes on the request's own thread.
/// <code>date time client server method url version status received sent gtxid ltxid user token "agent" 4ms 3ms member</code>
/// </summary>
internal sealed class RequestLog(LogFile? file, LogClock clock, bool console = false)
{
    private const int MaxName = 128, MaxUrl = 2048, MaxAgent = 256;

    /// <summary>More than a line can have: the fields at their limits, all escaped, and the numbers.</summary>
    private const int MaxLine = 16 * 1024;

    [ThreadStatic]
    private static byte[]? _scratch;

    /// <summary>Whether lines go anywhere.</summary>
    public bool IsOn => file is not null || console;

    /// <summary>Logs an exchange that is over.</summary>
    public void Write(Exchange exchange)
    {
        if (!IsOn)
        {
            return;
        }

        var ended = Stopwatch.GetTimestamp();
        var answered = exchange.AnsweredAt == 0 ? ended : exchange.AnsweredAt;
        Span<byte> line = _scratch ??= new byte[MaxLine];
        var at = Begin(line, exchange.ClientText);
        at += LogText.Field(line[at..], exchange.HostHeader, MaxName);
        line[at++] = (byte)' ';
        at += LogText.Field(line[at..], exchange.Method, MaxName);
        line[at++] = (byte)' ';
        at += LogText.Field(line[at..], exchange.Request.RawTarget, MaxUrl);
        line[at++] = (byte)' ';
        at += LogText.Field(line[at..], exchange.Request.Protocol, MaxName);
        at = Number(line, at, exchange.Response.StatusCode);
        at = Number(line, at, exchange.BytesReceived);
        at = Number(line, at, exchange.BytesSent);
        line[at++] = (byte)' ';
        at += exchange.Transaction.WriteTo(line[at..]);
        at = Number(line, at, exchange.LocalTransactionId);
        line[at++] = (byte)' ';
        at += LogText.Field(line[at..], exchange.User, MaxName);
        line[at++] = (byte)' ';
        at += LogText.Field(line[at..], exchange.Token, MaxName);
        " \""u8.CopyTo(line[at..]);
        at += 2;
        at += LogText.QuotedField(line[at..], exchange.Request.Headers.UserAgent.ToString(), MaxAgent);
        line[at++] = (byte)'"';
        at = Milliseconds(line, at, answered - exchange.StartedAt);
        at = Milliseconds(line, at, ended - answered);
        var member = exchange.AnsweredBy is { } known ? known : "-"u8;
        line[at++] = (byte)' ';
        member.CopyTo(line[at..]);
        End(line, at + member.Length);
    }

    /// <summary>Logs a request that was refused while it was read: what is known of it is its client and the answer.</summary>
    /// <param name="client">Address and port.</param>
    /// <param name="method">The method, as far as it was read.</param>
    /// <param name="target">The target, as far as it was read.</param>
    /// <param name="version">The HTTP version; empty = not known.</param>
    /// <param name="status">The answer; 0 = closed without one.</param>
    public void WriteRefused(ReadOnlySpan<byte> client, string? method, string? target, string? version, int status)
    {
        if (!IsOn)
        {
            return;
        }

        Span<byte> line = _scratch ??= new byte[MaxLine];
        var at = Begin(line, client);
        "- "u8.CopyTo(line[at..]);
        at += 2;
        at += LogText.Field(line[at..], method, MaxName);
        line[at++] = (byte)' ';
        at += LogText.Field(line[at..], target, MaxUrl);
        line[at++] = (byte)' ';
        at += LogText.Field(line[at..], version, MaxName);
        at = Number(line, at, status);
        var rest = " 0 0 - - - - \"-\" 0ms 0ms -"u8;
        rest.CopyTo(line[at..]);
        End(line, at + rest.Length);
    }

    private int Begin(Span<byte> line, ReadOnlySpan<byte> client)
    {
        var date = clock.Text;
        date.CopyTo(line);
        line[date.Length] = (byte)' ';
        var at = date.Length + 1;
        client.CopyTo(line[at..]);
        at += client.Length;
        line[at++] = (byte)' ';
        return at;
    }

    private void End(Span<byte> line, int at)
    {
        line[at++] = (byte)'\n';
        file?.Append(line[..at]);
        if (console)
        {
            Console.Error.Write(Encoding.ASCII.GetString(line[..at]));
        }
    }

    private static int Number(Span<byte> line, int at, long value)
    {
        line[at++] = (byte)' ';
        value.TryFormat(line[at..], out var written);
        return at + written;
    }

    private static int Milliseconds(Span<byte> line, int at, long ticks)
    {
        at = Number(line, at, ticks <= 0 ? 0 : ticks * 1000 / Stopwatch.Frequency);
        line[at++] = (byte)'m';
        line[at++] = (byte)'s';
        return at;
    }
}
