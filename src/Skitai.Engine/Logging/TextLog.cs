using System.Text;
using Microsoft.Extensions.Logging;

namespace Skitai.Engine.Logging;

/// <summary>
/// A log of sentences, <c>server.log</c> or <c>app.log</c>: <c>2016.03.03 03:37:41 [info] text</c>. Further lines of one
/// entry are indented, control characters escaped, so that no text can pass for an entry of its own.
/// </summary>
internal sealed class TextLog(LogFile? file, LogClock clock, bool console)
{
    private const int MaxText = 64 * 1024;
    private static readonly bool Coloured =
        !Console.IsErrorRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    private volatile LastEntry? _lastError;

    /// <summary>The last entry of level error or above; null = none.</summary>
    public LastEntry? LastError => _lastError;

    /// <summary>Writes an entry.</summary>
    public void Write(LogLevel level, string text, Exception? exception)
    {
        if (level >= LogLevel.Error)
        {
            _lastError = new LastEntry(DateTimeOffset.UtcNow, text);
        }

        var entry = new StringBuilder(text.Length + 64);
        entry.Append(Encoding.ASCII.GetString(clock.Text)).Append(" [").Append(Name(level)).Append("] ");
        AppendText(entry, text);
        if (exception is not null)
        {
            entry.Append("\n    ");
            AppendText(entry, exception.ToString());
        }

        entry.Append('\n');
        var line = entry.ToString();
        file?.Append(Encoding.UTF8.GetBytes(line));
        if (console)
        {
            Console.Error.Write(Coloured ? Colour(level) + line + "\e[0m" : line);
        }
    }

    private static void AppendText(StringBuilder entry, string text)
    {
        var end = Math.Min(text.Length, MaxText);
        while (end > 0 && text[end - 1] is '\n' or '\r')
        {
            end--;
        }

        for (var at = 0; at < end; at++)
        {
            var letter = text[at];
            if (letter == '\n')
            {
                entry.Append("\n    ");
            }
            else if (letter == '\r' && at + 1 < end && text[at + 1] == '\n')
            {
                continue;
            }
            else if (letter == '\t' || (letter >= ' ' && letter is not ((>= '\x7f' and < '\xa0') or '\u2028' or '\u2029')))
            {
                entry.Append(letter);
            }
            else
            {
                entry.Append(letter < 256 ? "\\x" : "\\u").Append(((int)letter).ToString(letter < 256 ? "x2" : "x4"));
            }
        }

        if (text.Length > MaxText)
        {
            entry.Append("...");
        }
    }

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        _ => "critical",
    };

    private static string Colour(LogLevel level) => level switch
    {
        <= LogLevel.Debug => "\e[90m",
        LogLevel.Information => "",
        LogLevel.Warning => "\e[33m",
        _ => "\e[31m",
    };

    /// <summary>An entry to show in the status.</summary>
    internal sealed record LastEntry(DateTimeOffset At, string Text);
}
