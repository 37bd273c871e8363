using System.Globalization;
using System.Text;
using Skitaid.Control;

namespace Skitaid.Commands;

/// <summary>Clusters, their members and their cache, as <c>status</c> and <c>member</c> print them.</summary>
internal static class ClusterText
{
    private const int LongestFailure = 60;
    private const string Red = "\e[31m", Green = "\e[32m", Yellow = "\e[33m", Plain = "\e[0m";

    private static readonly string[] Heads = ["MEMBER", "STATE", "WEIGHT", "IN HAND", "REQUESTS", "FAILED", "LAST FAILURE"];
    private static readonly bool[] Right = [false, false, true, true, true, true, false];

    /// <summary>Appends a line for the cluster and a table of its members.</summary>
    public static void Append(StringBuilder text, ClusterFigures cluster, bool colours)
    {
        if (!cluster.Mounted)
        {
            text.Append(CultureInfo.InvariantCulture, $"  cluster {cluster.Name}: not mounted\n");
            return;
        }

        text.Append(CultureInfo.InvariantCulture, $"  cluster {cluster.Name}: {Count(cluster.Members.Count, "member")}");
        if (cluster.Waiting > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"; {Count(cluster.Waiting, "request")} wait{(cluster.Waiting == 1 ? "s" : "")}");
        }

        if (cluster.Refused > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"; {Count(cluster.Refused, "request")} got no member's answer");
        }

        text.Append('\n');
        foreach (var problem in cluster.Unresolved)
        {
            var line = $"    not resolved: {problem}";
            text.Append(colours ? Red + line + Plain : line).Append('\n');
        }

        if (cluster.Members.Count == 0)
        {
            return;
        }

        var table = new TextTable(4, Heads, Right);
        foreach (var member in cluster.Members)
        {
            table.Add(
                (member.Member, ""),
                (StateOf(member), ColourOf(member.State)),
                (Number(member.Weight), ""),
                (Number(member.InHand), ""),
                (Number(member.Requests), ""),
                (Number(member.Failures), member.Failures > 0 ? Yellow : ""),
                (FailureOf(member), ""));
        }

        table.AppendTo(text, colours);
    }

    /// <summary>Appends what the cache holds and what it is good for.</summary>
    public static void Append(StringBuilder text, CacheFigures cache, bool colours)
    {
        text.Append("  cache: ").AppendJoin(", ", Tiers(cache)).Append('\n');
        if (cache.HitRatio is { } ratio)
        {
            var percent = (ratio * 100).ToString("0.0", CultureInfo.InvariantCulture);
            text.Append(CultureInfo.InvariantCulture, $"    {Count(cache.Hits, "hit")} ({percent} %, {cache.Stale} stale), {Count(cache.Misses, "miss", "misses")}, {cache.Collapsed} collapsed\n");
        }

        if (cache.Trouble is { } trouble)
        {
            var line = "    " + trouble;
            text.Append(colours ? Red + line + Plain : line).Append('\n');
        }
    }

    private static IEnumerable<string> Tiers(CacheFigures cache)
    {
        if (cache.MemoryLimit > 0)
        {
            yield return $"memory {StatusText.Bytes(cache.MemoryUsed)} of {StatusText.Bytes(cache.MemoryLimit)} ({Count(cache.MemoryObjects, "answer")})";
        }

        if (cache.DiskLimit > 0)
        {
            yield return $"disk {StatusText.Bytes(cache.DiskUsed)} of {StatusText.Bytes(cache.DiskLimit)} ({Count(cache.DiskObjects, "answer")})";
        }
    }

    private static string StateOf(MemberFigures member) => member.State switch
    {
        "slow start" => string.Create(CultureInfo.InvariantCulture, $"returning {100 * member.EffectiveWeight / member.Weight:0}%"),
        "trial" => "trying",
        "down" when member.HealthCheckFails => "down, health check fails",
        "down" when member.DownUntil is { } until => $"down until {until.ToLocalTime().ToString("HH':'mm':'ss", CultureInfo.InvariantCulture)}",
        "down" => "down, tried next",
        var state => state,
    };

    private static string ColourOf(string state) => state switch { "up" => Green, "down" => Red, _ => Yellow };

    private static string FailureOf(MemberFigures member)
    {
        if (member.LastFailure is not { } failure)
        {
            return "-";
        }

        var at = member.LastFailureAt?.ToLocalTime().ToString("yyyy'.'MM'.'dd HH':'mm':'ss' '", CultureInfo.InvariantCulture);
        return at + (failure.Length <= LongestFailure ? failure : string.Concat(failure.AsSpan(0, LongestFailure), "..."));
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Count(long number, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {(number == 1 ? one : many ?? one + "s")}");
}
