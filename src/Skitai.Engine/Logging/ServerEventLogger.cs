using Microsoft.Extensions.Logging;

namespace Skitai.Engine.Logging;

/// <summary>
/// What ASP.NET has to say, for server.log. Its events follow from what clients do, so a hostile one could fill a disk
/// with them: each kind is written at most once a second, as one line, with the number of those left out since.
/// </summary>
internal sealed class ServerEventLogger(TextLog log, TimeProvider time) : ILogger
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Kind> _kinds = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Warning and not LogLevel.None;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        // After a refused body Kestrel cannot skip the rest of it, which LateBody has done: the client has its answer, the
        // request log its line.
        if (!IsEnabled(logLevel) || eventId.Name == "RequestBodyDrainBodyReaderInvalidState")
        {
            return;
        }

        int leftOut;
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (_kinds.TryGetValue(eventId.Id, out var kind) && time.GetElapsedTime(kind.WrittenAt, now) < Interval)
            {
                _kinds[eventId.Id] = kind with { LeftOut = kind.LeftOut + 1 };
                return;
            }

            leftOut = kind.LeftOut;
            _kinds[eventId.Id] = new Kind(now, 0);
        }

        // Never an error of ours: "critical" to Kestrel is a connection that ended in an unforeseen way.
        var text = formatter(state, exception);
        log.Write(
            LogLevel.Warning,
            text + (exception is null ? "" : $" ({exception.GetType().Name}: {exception.Message})") + (leftOut == 0 ? "" : $" (and {leftOut} more)"),
            null);
    }

    private readonly record struct Kind(long WrittenAt, int LeftOut);
}
