using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Skitaid.Supervision;

/// <summary>
/// skitaid.log: one line per event, <c>2016.03.03 03:37:41 [info] ...</c>, on the console as well when in the foreground.
/// Written through at once: the supervisor says little, and its last words matter most.
/// </summary>
internal sealed class DaemonLog : ILogger, IDisposable
{
    private readonly Lock _writing = new();
    private readonly string _path;
    private readonly TextWriter? _console;
    private readonly bool _colours;
    private readonly TimeProvider _time;
    private FileStream? _file;

    /// <summary>Opens the log.</summary>
    /// <param name="path">The file, appended to.</param>
    /// <param name="console">Where lines go as well; null = nowhere.</param>
    /// <param name="colours">Whether the console understands colours.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public DaemonLog(string path, TextWriter? console, bool colours, TimeProvider time)
    {
        (_path, _console, _colours, _time) = (path, console, colours, time);
        _file = Open(path);
    }

    /// <summary>Opens the file anew: somebody has moved it away.</summary>
    public void Reopen()
    {
        lock (_writing)
        {
            var old = _file;
            _file = Open(_path);
            old?.Dispose();
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
            LogLevel.Critical => "fatal",
            LogLevel.Error => "error",
            LogLevel.Warning => "warn",
            LogLevel.Information => "info",
            _ => "debug",
        };
        var time = _time.GetLocalNow().ToString("yyyy'.'MM'.'dd HH':'mm':'ss", CultureInfo.InvariantCulture);
        var line = $"{time} [{word}] {OneLine(text)}";
        lock (_writing)
        {
            try
            {
                _file?.Write(Encoding.UTF8.GetBytes(line + "\n"));
            }
            catch (IOException)
            {
                // A full disk must not stop the supervisor.
            }

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
            _file?.Dispose();
            _file = null;
        }
    }

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

    private static FileStream Open(string path) =>
        new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

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
