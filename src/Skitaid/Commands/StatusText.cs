using System.Globalization;
using System.Text;
using System.Text.Json;
using Skitaid.Control;
using Skitaid.Supervision;

namespace Skitaid.Commands;

/// <summary>What <c>status</c> prints.</summary>
internal static class StatusText
{
    private const string Red = "\e[31m", Green = "\e[32m", Yellow = "\e[33m", Bold = "\e[1m", Plain = "\e[0m";

    private static readonly string[] Heads = ["INSTANCE", "STATE", "ADDRESS", "PID", "UPTIME", "REQ/S", "REQUESTS", "CONN", "WORKERS", "MEMORY", "RESTARTS"];

    /// <summary>Columns that hold numbers stand to the right.</summary>
    private static readonly bool[] Right = [false, false, false, true, true, true, true, true, true, true, true];

    /// <summary>For scripts.</summary>
    public static string Json(DaemonStatus status) => JsonSerializer.Serialize(status, ControlJson.CreateIndented().DaemonStatus);

    /// <summary>For people.</summary>
    public static string Table(DaemonStatus status, bool colours)
    {
        var text = new StringBuilder();
        var total = status.Memory + status.Instances.Sum(instance => instance.Memory ?? 0);
        text.Append(CultureInfo.InvariantCulture, $"skitaid {status.Version}: pid {status.Pid}, up {Duration(status.Uptime)}, memory {Bytes(total)} (supervisor {Bytes(status.Memory)})\n");
        text.Append(CultureInfo.InvariantCulture, $"conf {status.Etc}, logs {status.Log}\n");
        if (status.LogLinesLost > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{status.LogLinesLost} lines of skitaid.log are lost: the disk did not take them\n");
        }

        if (status.Instances.Count == 0)
        {
            return text.Append(CultureInfo.InvariantCulture, $"\nno instances: there is no conf in {Path.Combine(status.Etc, "servers-enabled")}").ToString();
        }

        text.Append('\n');
        List<string[]> rows = [Heads, .. status.Instances.Select(Row)];
        var widths = Heads.Select((_, column) => rows.Max(row => row[column].Length)).ToArray();
        for (var i = 0; i < rows.Count; i++)
        {
            Append(text, rows[i], widths, i == 0 ? Bold : "", colours);
            if (i > 0)
            {
                StatusDetails.Append(text, status.Instances[i - 1], status.Etc, colours);
            }
        }

        return text.ToString().TrimEnd('\n');
    }

    private static string[] Row(InstanceStatus instance) =>
    [
        instance.Name,
        instance.State + (instance.Draining.Count > 0 ? $" +{instance.Draining.Count} draining" : ""),
        instance.Address ?? "-",
        Or(instance.Pid),
        instance.Uptime is { } uptime ? Duration(uptime) : "-",
        instance.Figures?.RequestsPerSecond.ToString("0.0", CultureInfo.InvariantCulture) ?? "-",
        Or(instance.Figures?.Requests),
        Or(instance.Figures?.Connections),
        Or(instance.Figures?.Workers.Where(worker => worker.Pid > 0).DistinctBy(worker => worker.Pid).Count()),
        instance.Memory is { } memory ? Bytes(memory) : "-",
        Restarts(instance),
    ];

    /// <summary>The instance's own, and those of its workers.</summary>
    private static string Restarts(InstanceStatus instance)
    {
        // One that retires tells its place's number once more; one that serves several mounts is named for each.
        var workers = instance.Figures?.Workers.Where(worker => worker.State != "retiring").ToArray() ?? [];
        var sum = workers.Where(worker => worker.Pid > 0).DistinctBy(worker => worker.Pid).Concat(workers.Where(worker => worker.Pid == 0)).Sum(worker => worker.Restarts);
        return sum == 0 ? Or(instance.Restarts) : string.Create(CultureInfo.InvariantCulture, $"{instance.Restarts} (workers {sum})");
    }

    private static void Append(StringBuilder text, string[] row, int[] widths, string colour, bool colours)
    {
        for (var column = 0; column < row.Length; column++)
        {
            var cell = Right[column] ? row[column].PadLeft(widths[column]) : row[column].PadRight(widths[column]);
            var paint = column == 1 && colour.Length == 0 ? StateColour(row[1]) : colour;
            text.Append(colours && paint.Length > 0 ? paint + cell + Plain : cell).Append("  ");
        }

        text.Length -= 2;
        text.Append('\n');
    }

    private static string StateColour(string state) => state switch
    {
        InstanceCondition.Running => Green,
        InstanceCondition.Broken or InstanceCondition.Waiting => Red,
        _ => Yellow,
    };

    private static string Or(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "-";

    internal static string Duration(double seconds)
    {
        var span = TimeSpan.FromSeconds(seconds);
        return span.TotalDays >= 1 ? $"{span.Days}d {span.Hours}h"
            : span.TotalHours >= 1 ? $"{span.Hours}h {span.Minutes}m"
            : span.TotalMinutes >= 1 ? $"{span.Minutes}m {span.Seconds}s"
            : $"{span.Seconds}s";
    }

    internal static string Bytes(long bytes) => (bytes / 1048576.0).ToString(bytes < 100 * 1048576 ? "0.0" : "0", CultureInfo.InvariantCulture) + " MB";
}
