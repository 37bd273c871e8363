using Microsoft.Extensions.Logging;

namespace Skitai.Engine.Apps;

/// <summary>What goes to app.log (the first two) and to server.log.</summary>
internal static partial class AppLog
{
    [LoggerMessage(200, LogLevel.Information, "{Label} {Pid}: {Line}")]
    public static partial void Line(ILogger logger, string label, int pid, string line);

    [LoggerMessage(EventId = 201, Message = "{Label} {Pid}: {Text}")]
    public static partial void Text(ILogger logger, LogLevel level, string label, int pid, string text);

    [LoggerMessage(210, LogLevel.Information, "app {Label}: worker {Pid} is ready")]
    public static partial void Ready(ILogger logger, string label, int pid);

    [LoggerMessage(211, LogLevel.Error, "app {Label}: cannot start a worker: {Reason}")]
    public static partial void StartFailed(ILogger logger, string label, string reason);

    [LoggerMessage(212, LogLevel.Error, "app {Label}: worker {Pid} died: {Reason}; the next one starts {When}")]
    public static partial void Died(ILogger logger, string label, int pid, string reason, string when);

    [LoggerMessage(213, LogLevel.Information, "app {Label}: worker {Pid} is replaced: {Reason}")]
    public static partial void Replacing(ILogger logger, string label, int pid, string reason);

    [LoggerMessage(214, LogLevel.Error, "app {Label}: the new worker could not start, the old one goes on: {Reason}")]
    public static partial void Kept(ILogger logger, string label, string reason);

    [LoggerMessage(215, LogLevel.Information, "app {Label}: worker {Pid} has ended")]
    public static partial void Retired(ILogger logger, string label, int pid);

    [LoggerMessage(216, LogLevel.Error, "app {Label}: {Method} {Url}: {Fault}")]
    public static partial void BadAnswer(ILogger logger, string label, string method, string url, string fault);

    [LoggerMessage(217, LogLevel.Error, "app {Label}: its upkeep failed")]
    public static partial void UpkeepFailed(ILogger logger, Exception error, string label);

    [LoggerMessage(218, LogLevel.Error, "app {Label}: {Method} {Url}: the request body cannot be kept in {Reason}")]
    public static partial void BodyNotKept(ILogger logger, string label, string method, string url, string reason);

    [LoggerMessage(219, LogLevel.Warning, "app {Label}: {Method} {Url}: the app waits for its slow client, the answer cannot be kept in {Reason}")]
    public static partial void AnswerNotKept(ILogger logger, string label, string method, string url, string reason);
}
