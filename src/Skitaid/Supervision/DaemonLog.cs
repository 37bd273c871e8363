using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Skitai.Engine.Logging;

namespace Skitaid.Supervision;

/// <summary>
/// skitaid.log: one line per event, <c>2016.03.03 03:37:41 [info] ...</c>, on the console as well when in the foreground.
/// Written through at once: the supervisor says little, and its last words matter most. Rotated as the instances' logs are.
/// </summary>
internal sealed class DaemonLog : ILogger, IDisposable
{
    private readonly Lock _writing = new();
    private readonly RotatedFile _file;
    private readonly TextWriter? _console;
    private readonly bool _colours;
    private readonly TimeProvider _time;
    private long _lost, _untold;

    /// <summary>Opens the log.</summary>
    /// <param name="path">The file, appended to.</param>
    /// <param name="console">Where lines go as well; null = nowhere.</param>
    /// <param name="colours">Whether the console understands colours.</param>
    /// <param name="time">The clock.</param>
    /// <param name="rotation">When it is rotated; null = as the instances' logs are.</param>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public DaemonLog(string path, TextWriter? console, bool colours, TimeProvider time, LogRotation? rotation = null)
    {
        (_console, _colours, _time) = (console, colours, time);
        _file = new RotatedFile(path, rotation ?? LogRotation.Default(time));
        if (_file.Open() is { } problem)
        {
            throw new IOException(problem);
        }
    }

    /// <summary>Lines that the disk has not taken.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Begins a new file; one that somebody has moved away is only followed.</summary>
    /// <returns>Why that did not work; null = done.</returns>
    public string? Rotate()
    {
        lock (_writing)
        {
            return _file.Rotate(asked: true);
        }
    }

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var text = formatter(state, exception);
        if (exception is not null)
        {
            text += $": {exception.GetType().Name}: {exception.Message}";
        }

        var word = logLevel switch
        {
            LogLevel.Critical => "critical",
            LogLevel.Error => "error",
            LogLevel.Warning => "warning",
            LogLevel.Information => "info",
            _ => "debug",
        };
        var line = Line(word, OneLine(text));
        lock (_writing)
        {
            WriteFile(line);
            WriteConsole(logLevel, line);
        }
    }

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Dispose()
    {
        lock (_writing)
        {
            _file.Dispose();
        }
    }

    /// <summary>A disk that is full or gone must not stop the supervisor: the line is lost, and the next one tries anew.</summary>
    private void WriteFile(string line)
    {
        _ = _file.Rotate(asked: false); // where that fails this one grows on
        if ((_untold == 0 || TryWrite(Line("error", $"log: {_untold} lines were lost here: the disk did not take them"))) && TryWrite(line))
        {
            _untold = 0;
            return;
        }

        _lost++;
        _untold++;
    }

    private bool TryWrite(string line)
    {
        _file.Write(Encoding.UTF8.GetBytes(line + "\n"), out var error);
        return error is null;
    }

    private string Line(string level, string text) =>
        $"{_time.GetLocalNow().ToString("yyyy'.'MM'.'dd HH':'mm':'ss", CultureInfo.InvariantCulture)} [{level}] {text}";

    private void WriteConsole(LogLevel level, string line)
    {
        if (_console is null)
        {
            return;
        }

        var colour = level switch { >= LogLevel.Error => "\e[31m", LogLevel.Warning => "\e[33m", _ => "" };
        try
        {
            _console.WriteLine(_colours && colour.Length > 0 ? $"{colour}{line}\e[0m" : line);
            _console.Flush();
        }
        catch (IOException)
        {
            // The terminal is gone; the file has the line.
        }
    }

    private static string OneLine(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\x1f') && !text.Contains('\x7f', StringComparison.Ordinal))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\n' => safe.Append("\\n"),
                '\r' => safe.Append("\\r"),
                '\t' => safe.Append(' '),
                < ' ' or '\x7f' => safe.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => safe.Append(c),
            };
        }

        return safe.ToString();
    }
}
