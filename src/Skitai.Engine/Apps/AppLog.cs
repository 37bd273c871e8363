using Microsoft.Extensions.Logging;

namespace Skitai.Engine.Apps;

/// <summary>What goes to app.log (the first two) and to server.log.</summary>
internal static partial class AppLog
{
    [LoggerMessage(100, LogLevel.Information, "{Label} {Pid}: {Line}")]
    public static partial void Line(ILogger logger, string label, int pid, string line);

    [LoggerMessage(EventId = 101, Message = "{Label} {Pid}: {Text}")]
    public static partial void Text(ILogger logger, LogLevel level, string label, int pid, string text);

    [LoggerMessage(110, LogLevel.Information, "app {Label}: worker {Pid} is ready")]
    public static partial void Ready(ILogger logger, string label, int pid);

    [LoggerMessage(111, LogLevel.Error, "app {Label}: cannot start a worker: {Reason}")]
    public static partial void StartFailed(ILogger logger, string label, string reason);

    [LoggerMessage(112, LogLevel.Error, "app {Label}: worker {Pid} died: {Reason}; the next one starts {When}")]
    public static partial void Died(ILogger logger, string label, int pid, string reason, string when);

    [LoggerMessage(113, LogLevel.Information, "app {Label}: worker {Pid} is replaced: {Reason}")]
    public static partial void Replacing(ILogger logger, string label, int pid, string reason);

    [LoggerMessage(114, LogLevel.Error, "app {Label}: the new worker could not start, the old one goes on: {Reason}")]
    public static partial void Kept(ILogger logger, string label, string reason);

    [LoggerMessage(115, LogLevel.Information, "app {Label}: worker {Pid} has ended")]
    public static partial void Retired(ILogger logger, string label, int pid);

    [LoggerMessage(116, LogLevel.Error, "app {Label}: {Method} {Url}: {Fault}")]
    public static partial void BadAnswer(ILogger logger, string label, string method, string url, string fault);

    [LoggerMessage(117, LogLevel.Error, "app {Label}: its upkeep failed")]
    public static partial void UpkeepFailed(ILogger logger, Exception error, string label);

    [LoggerMessage(118, LogLevel.Error, "app {Label}: {Method} {Url}: the request body cannot be kept in {Reason}")]
    public static partial void BodyNotKept(ILogger logger, string label, string method, string url, string reason);

    [LoggerMessage(119, LogLevel.Warning, "app {Label}: {Method} {Url}: the app waits for its slow client, the answer cannot be kept in {Reason}")]
    public static partial void AnswerNotKept(ILogger logger, string label, string method, string url, string reason);
}
