using Microsoft.Extensions.Logging;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>
/// A disk that fails is told of once and left alone for a while: 5 seconds, then twice as long each time up to 5 minutes. What works again is told of, too.
/// </summary>
internal sealed partial class DiskTrouble(string what, string directory, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan s_first = TimeSpan.FromSeconds(5), s_most = TimeSpan.FromMinutes(5);

    private readonly Lock _changing = new();
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
            _reason = error.Message;
            if (first)
            {
                LogFailed(logger, directory, what, error.Message);
            }
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
                LogWorks(logger, directory, what);
            }
        }
    }

    [LoggerMessage(EventId = 401, Level = LogLevel.Warning, Message = "cache {Directory}: {What} fails, goes on without: {Reason}")]
    private static partial void LogFailed(ILogger logger, string directory, string what, string reason);

    [LoggerMessage(EventId = 402, Level = LogLevel.Information, Message = "cache {Directory}: {What} works again")]
    private static partial void LogWorks(ILogger logger, string directory, string what);
}
