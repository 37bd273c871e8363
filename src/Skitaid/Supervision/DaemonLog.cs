using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Skitai.Engine;
using Skitai.Engine.Logging;

namespace Skitaid.Supervision;

/// <summary>
/// skitaid.log: one line per event, <c>2016.03.03 03:37:41 [info] ...</c>, on the console as well when in the foreground.
/// Written through at once: the supervisor says little, and its last words matter most. Rotated as the instances' logs are.
/// </summary>
internal sealed class DaemonLog : ILogger, IDisposable
{
    private readonly Lock _writing = new();
    private readonly string _path;
    private readonly TextWriter? _console;
    private readonly bool _colours;
    private readonly TimeProvider _time;
    private readonly LogRotation _rotation;
    private AppendFile? _file;
    private FileIdentity? _identity;
    private DateOnly _day;
    private long _size;
    private long _lost;

    /// <summary>Opens the log.</summary>
    /// <param name="path">The file, appended to.</param>
    /// <param name="console">Where lines go as well; null = nowhere.</param>
    /// <param name="colours">Whether the console understands colours.</param>
    /// <param name="time">The clock.</param>
    /// <param name="rotation">When it is rotated; null = as the instances' logs are.</param>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public DaemonLog(string path, TextWriter? console, bool colours, TimeProvider time, LogRotation? rotation = null)
    {
        (_path, _console, _colours, _time) = (path, console, colours, time);
        _rotation = rotation ?? LogRotation.Default(time);
        Open();
    }

    /// <summary>Lines that the disk has not taken.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Begins a new file; one that somebody has moved away is only followed.</summary>
    public void Rotate()
    {
        lock (_writing)
        {
            RotateIfDue(asked: true);
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
        var time = _time.GetLocalNow().ToString("yyyy'.'MM'.'dd HH':'mm':'ss", CultureInfo.InvariantCulture);
        var line = $"{time} [{word}] {OneLine(text)}";
        lock (_writing)
        {
            WriteFile(Encoding.UTF8.GetBytes(line + "\n"));
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
            Close();
        }
    }

    /// <summary>A disk that is full or gone must not stop the supervisor: the line is lost, and the next one tries anew.</summary>
    private void WriteFile(byte[] line)
    {
        try
        {
            RotateIfDue(asked: false);
            if (_file is null)
            {
                Open();
            }

            _size += _file!.Write(line, out var error);
            if (error is null)
            {
                return;
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Counted below.
        }

        _lost++;
        Close();
    }

    private void RotateIfDue(bool asked)
    {
        if (_file is null)
        {
            return;
        }

        var today = DateOnly.FromDateTime(_time.GetLocalNow().DateTime);
        if (FileIdentity.Of(_path) is not { } there || _identity is not { } ours || !there.IsSameFile(ours))
        {
            Close(); // somebody else moved or removed it
        }
        else if (_size > 0 && (asked || _size >= _rotation.MaxSize || _day != today))
        {
            _day = today; // once a day, even when it does not work
            if (_rotation.Shift(_path) is null)
            {
                Close();
            }
        }
    }

    private void Open()
    {
        _file = new AppendFile(_path);
        _identity = FileIdentity.Of(_path);
        _size = _identity?.Size ?? 0;
        _day = _size > 0 ? _rotation.DayOf(_identity!.Value.ModifiedAt) : DateOnly.FromDateTime(_time.GetLocalNow().DateTime);
    }

    private void Close()
    {
        _file?.Dispose();
        _file = null;
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
