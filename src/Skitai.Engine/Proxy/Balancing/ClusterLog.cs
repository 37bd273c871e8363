using Microsoft.Extensions.Logging;

namespace Skitai.Engine.Proxy.Balancing;

/// <summary>What goes to server.log when a cluster or a member changes; each change once.</summary>
internal static partial class ClusterLog
{
    [LoggerMessage(320, LogLevel.Warning, "cluster {Cluster}: member {Member} is down, for {BackOff}: {Cause}")]
    public static partial void Down(ILogger logger, string cluster, string member, string backOff, string cause);

    [LoggerMessage(321, LogLevel.Warning, "cluster {Cluster}: member {Member} is down until its health check succeeds: {Cause}")]
    public static partial void DownByCheck(ILogger logger, string cluster, string member, string cause);

    [LoggerMessage(322, LogLevel.Information, "cluster {Cluster}: member {Member} is back: {Cause}")]
    public static partial void Back(ILogger logger, string cluster, string member, string cause);

    [LoggerMessage(323, LogLevel.Information, "cluster {Cluster}: member {Member} is drained by hand")]
    public static partial void Drained(ILogger logger, string cluster, string member);

    [LoggerMessage(324, LogLevel.Information, "cluster {Cluster}: member {Member} is no longer drained")]
    public static partial void Undrained(ILogger logger, string cluster, string member);

    [LoggerMessage(325, LogLevel.Information, "cluster {Cluster}: member {Member} joins")]
    public static partial void Joined(ILogger logger, string cluster, string member);

    [LoggerMessage(326, LogLevel.Information, "cluster {Cluster}: member {Member} leaves with {InHand} requests in hand")]
    public static partial void Left(ILogger logger, string cluster, string member, int inHand);

    [LoggerMessage(327, LogLevel.Warning, "cluster {Cluster}: cannot resolve {Host}, {Instead}: {Cause}")]
    public static partial void Unresolved(ILogger logger, string cluster, string host, string instead, string cause);

    [LoggerMessage(328, LogLevel.Information, "cluster {Cluster}: {Host} can be resolved again")]
    public static partial void Resolved(ILogger logger, string cluster, string host);

    [LoggerMessage(329, LogLevel.Error, "cluster {Cluster}: its upkeep failed")]
    public static partial void UpkeepFailed(ILogger logger, Exception error, string cluster);
}
