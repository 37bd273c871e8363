using System.ComponentModel;
using Microsoft.Extensions.Logging;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>
/// A disk that fails is told of and left alone for a while: 5 seconds, then twice as long each time up to 5 minutes. What works again is told of, too, but nothing more than once a minute.
/// </summary>
internal sealed partial class DiskTrouble(string what, string directory, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan s_first = TimeSpan.FromSeconds(5), s_most = TimeSpan.FromMinutes(5);

    private readonly Lock _changing = new();
    private readonly Telling _telling = new(time);
    private string? _reason;
    private TimeSpan _pause;
    private DateTimeOffset _until;

    /// <summary>What is wrong; null = nothing.</summary>
    public string? Reason => Volatile.Read(ref _reason);

    /// <summary>Whether it is not worth trying yet.</summary>
    public bool IsPausing
    {
        get
        {
            if (Volatile.Read(ref _reason) is null)
            {
                return false;
            }

            lock (_changing)
            {
                return _reason is not null && time.GetUtcNow() < _until;
            }
        }
    }

    /// <summary>It failed.</summary>
    public void Failed(Exception error)
    {
        lock (_changing)
        {
            var first = _reason is null;
            var now = time.GetUtcNow();
            if (first)
            {
                _pause = s_first;
            }
            else if (now >= _until)
            {
                _pause = TimeSpan.FromTicks(Math.Min(_pause.Ticks * 2, s_most.Ticks));
            }

            _until = now + _pause;
            _reason = ReasonOf(error);
            TellLocked();
        }
    }

    /// <summary>It worked.</summary>
    public void Worked()
    {
        if (Volatile.Read(ref _reason) is null)
        {
            return;
        }

        lock (_changing)
        {
            if (_reason is not null)
            {
                _reason = null;
                TellLocked();
            }
        }
    }

    /// <summary>Has the log say what it was not told yet.</summary>
    public void Tell()
    {
        lock (_changing)
        {
            TellLocked();
        }
    }

    /// <summary>In few words: .NET's message of an error of the system has the name of a temporary file behind it.</summary>
    private static string ReasonOf(Exception error) => error is IOException { HResult: > 0 and < 4096 } ? new Win32Exception(error.HResult).Message : error.Message;

    private void TellLocked()
    {
        if (!_telling.IsDue(_reason is not null))
        {
            return;
        }

        if (_reason is { } reason)
        {
            LogFailed(logger, directory, what, reason);
        }
        else
        {
            LogWorks(logger, directory, what);
        }
    }

    [LoggerMessage(EventId = 401, Level = LogLevel.Warning, Message = "cache {Directory}: {What} fails, goes on without: {Reason}")]
    private static partial void LogFailed(ILogger logger, string directory, string what, string reason);

    [LoggerMessage(EventId = 402, Level = LogLevel.Information, Message = "cache {Directory}: {What} works again")]
    private static partial void LogWorks(ILogger logger, string directory, string what);
}
