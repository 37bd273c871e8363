using Microsoft.Extensions.Logging;

namespace Skitai.Engine.Logging;

/// <summary>The logging framework's door to a <see cref="TextLog"/>.</summary>
internal sealed class TextLogger(TextLog log, LogLevel lowest) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= lowest && logLevel != LogLevel.None;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            log.Write(logLevel, formatter(state, exception), exception);
        }
    }
}
