using Microsoft.Extensions.Logging;

namespace Skitaid.Supervision;

/// <summary>What the supervisor says in skitaid.log.</summary>
internal static partial class SupervisorLog
{
    [LoggerMessage(1, LogLevel.Information, "skitaid {Version} starts: pid {Pid}, conf {Etc}, logs {Logs}, var {Var}")]
    public static partial void Starting(this ILogger log, string version, int pid, string etc, string logs, string var);

    [LoggerMessage(2, LogLevel.Information, "skitaid is ready: {Running} of {Total} instances run")]
    public static partial void Ready(this ILogger log, int running, int total);

    [LoggerMessage(3, LogLevel.Information, "skitaid stops: {Cause}")]
    public static partial void Stopping(this ILogger log, string cause);

    [LoggerMessage(4, LogLevel.Information, "skitaid has stopped")]
    public static partial void Stopped(this ILogger log);

    [LoggerMessage(5, LogLevel.Error, "skitaid breaks down")]
    public static partial void BrokeDown(this ILogger log, Exception failure);

    [LoggerMessage(6, LogLevel.Error, "{Line}")]
    public static partial void ConfBroken(this ILogger log, string line);

    [LoggerMessage(7, LogLevel.Warning, "{Line}")]
    public static partial void Warning(this ILogger log, string line);

    [LoggerMessage(8, LogLevel.Information, "logs rotated: {Cause}")]
    public static partial void Rotated(this ILogger log, string cause);

    [LoggerMessage(9, LogLevel.Error, "not rotated: {Line}")]
    public static partial void NotRotated(this ILogger log, string line);

    [LoggerMessage(10, LogLevel.Information, "instance {Name}: process {Pid} started on {Address} ({Cause})")]
    public static partial void InstanceStarted(this ILogger log, string name, int pid, string address, string cause);

    [LoggerMessage(11, LogLevel.Information, "instance {Name}: process {Pid} is ready after {Milliseconds} ms")]
    public static partial void InstanceReady(this ILogger log, string name, int pid, long milliseconds);

    [LoggerMessage(12, LogLevel.Error, "instance {Name}: not ready: {Why}")]
    public static partial void InstanceNotReady(this ILogger log, string name, string why);

    [LoggerMessage(13, LogLevel.Information, "instance {Name}: process {Pid} drains ({Cause})")]
    public static partial void InstanceDraining(this ILogger log, string name, int pid, string cause);

    [LoggerMessage(14, LogLevel.Information, "instance {Name}: process {Pid} ended: {Exit}")]
    public static partial void InstanceEnded(this ILogger log, string name, int pid, string exit);

    [LoggerMessage(15, LogLevel.Error, "instance {Name}: process {Pid} died: {Exit}; started anew {When}")]
    public static partial void InstanceDied(this ILogger log, string name, int pid, string exit, string when);

    [LoggerMessage(16, LogLevel.Warning, "instance {Name}: process {Pid} is killed: {Why}")]
    public static partial void InstanceKilled(this ILogger log, string name, int pid, string why);

    [LoggerMessage(17, LogLevel.Warning, "instance {Name}: restart refused: {Why}")]
    public static partial void RestartRefused(this ILogger log, string name, string why);

    [LoggerMessage(22, LogLevel.Warning, "instance {Name}: reload refused: {Why}")]
    public static partial void ReloadRefused(this ILogger log, string name, string why);

    [LoggerMessage(23, LogLevel.Warning, "instance {Name}: {Result}, its conf is broken: {Error}")]
    public static partial void ConfRefused(this ILogger log, string name, string result, string error);

    [LoggerMessage(24, LogLevel.Information, "instance {Name}: process {Pid} has taken up its changed conf; mounts: {Kept} as before, {Started} started, {Ended} ended")]
    public static partial void InstanceReloaded(this ILogger log, string name, int pid, int kept, int started, int ended);

    [LoggerMessage(28, LogLevel.Information, "instance {Name}: {Change}")]
    public static partial void ClusterChanged(this ILogger log, string name, string change);

    [LoggerMessage(26, LogLevel.Information, "instance {Name}: member {Member} of {Cluster} {What}, by command")]
    public static partial void MemberOrdered(this ILogger log, string name, string member, string cluster, string what);

    [LoggerMessage(27, LogLevel.Information, "instance {Name}: {Count} answers purged from the cache by command: {What}")]
    public static partial void CachePurged(this ILogger log, string name, long count, string what);

    [LoggerMessage(25, LogLevel.Error, "{Problem}; what runs goes on")]
    public static partial void ConfsOutOfSight(this ILogger log, string problem);

    [LoggerMessage(18, LogLevel.Information, "instance {Name}: conf {What}")]
    public static partial void ConfChanged(this ILogger log, string name, string what);

    [LoggerMessage(19, LogLevel.Warning, "instance {Name}: {Mount} cannot serve: {Error}")]
    public static partial void MountFailed(this ILogger log, string name, string mount, string error);

    [LoggerMessage(20, LogLevel.Error, "instance {Name}: {Line}")]
    public static partial void InstanceSaid(this ILogger log, string name, string line);

    [LoggerMessage(21, LogLevel.Error, "instance {Name}: said something that makes no sense: {Why}")]
    public static partial void InstanceTalksNonsense(this ILogger log, string name, string why);
}
