using System.Globalization;
using System.Text;
using Skitaid.Control;
using Skitaid.Supervision;

namespace Skitaid.Commands;

/// <summary>What <c>status</c> prints below an instance's row: its apps and their workers, clusters and their members, certificates, troubles.</summary>
internal static class StatusDetails
{
    private const int DaysToWarn = 21;
    private const int LongestText = 100;
    private const string Red = "\e[31m", Yellow = "\e[33m", Plain = "\e[0m";

    /// <summary>Appends the lines.</summary>
    public static void Append(StringBuilder text, InstanceStatus instance, string etc, bool colours)
    {
        if (instance.Figures is { } figures)
        {
            AppendApps(text, figures, colours);
            foreach (var cluster in figures.Clusters)
            {
                ClusterText.Append(text, cluster, colours);
            }

            if (figures.Cache is { } cache)
            {
                ClusterText.Append(text, cache, colours);
            }

            foreach (var certificate in figures.Certificates)
            {
                var (says, colour) = certificate.DaysLeft < 0
                    ? ("expired", Red)
                    : ($"{certificate.DaysLeft} days left", certificate.DaysLeft < DaysToWarn ? Yellow : "");
                Line($"  certificate {certificate.Host}: {says} ({certificate.NotAfter.ToLocalTime():yyyy'.'MM'.'dd}), {certificate.File}", colour);
            }

            if (figures.LogLinesLost > 0)
            {
                Line($"  {figures.LogLinesLost} log lines are lost: the disk did not take them", Red);
            }
        }

        if (instance.ConfProblem is { } problem)
        {
            Line($"  its conf has changed and is broken: {problem}", Red);
        }
        else if (instance.ConfChanged)
        {
            Line($"  its conf has changed since: '{DaemonPlaces.Command(etc, $"-f {instance.Name} reload")}' takes it up", Yellow);
        }

        Event("last death", instance.LastDeath, instance.LastDeathAt);
        if (instance.LastError != instance.LastDeath)
        {
            Event("last error", instance.LastError, instance.LastErrorAt);
        }

        void Event(string what, string? text, DateTimeOffset? at)
        {
            if (text is not null)
            {
                Line($"  {what}: {at?.ToLocalTime().ToString("yyyy'.'MM'.'dd HH':'mm':'ss' '", CultureInfo.InvariantCulture)}{text}", Red);
            }
        }

        void Line(string line, string colour) => AppendLine(text, line, colours ? colour : "");
    }

    /// <summary>One line an app, <c>/: ready  41 (2 in hand), 42</c>, and what its workers suffer from below it.</summary>
    private static void AppendApps(StringBuilder text, InstanceFigures figures, bool colours)
    {
        foreach (var mount in figures.Mounts.Where(mount => mount.Kind == "app" || mount.Problem is not null))
        {
            var workers = figures.Workers.Where(worker => worker.Mount == mount.Mount).ToArray();
            var line = new StringBuilder();
            line.Append(CultureInfo.InvariantCulture, $"  {mount.Mount}: {mount.State}");
            if (workers.Length > 0)
            {
                line.Append(", workers ").AppendJoin(", ", workers.Select(Brief));
            }

            if (mount.Waiting > 0)
            {
                line.Append(CultureInfo.InvariantCulture, $"; {mount.Waiting} requests wait");
            }

            AppendLine(text, line.ToString(), "");
            if (mount.Problem is { } problem)
            {
                AppendLine(text, $"    cannot serve: {problem}", colours ? Red : "");
            }

            // Workers that fail all alike say it once.
            foreach (var error in workers.Select(worker => worker.LastError).OfType<string>().Where(error => error != mount.Problem).Distinct(StringComparer.Ordinal))
            {
                AppendLine(text, $"    worker's last error: {Short(error)}", colours ? Yellow : "");
            }

            foreach (var worker in workers)
            {
                foreach (var slow in worker.SlowRequests)
                {
                    AppendLine(text, $"    slow, {StatusText.Duration(slow.Seconds)} in {worker.Pid}: {Short(slow.Request)}", colours ? Yellow : "");
                }
            }
        }
    }

    private static string Brief(WorkerFigures worker)
    {
        List<string> notes = [];
        if (worker.State != "ready" && worker.Pid != 0)
        {
            notes.Add(worker.State);
        }

        if (worker.InHand > 0)
        {
            notes.Add($"{worker.InHand} in hand");
        }

        if (worker.Restarts > 0)
        {
            notes.Add(worker.Restarts == 1 ? "1 restart" : $"{worker.Restarts} restarts");
        }

        var name = worker.Pid == 0 ? worker.State : worker.Pid.ToString(CultureInfo.InvariantCulture);
        return notes.Count == 0 ? name : $"{name} ({string.Join(", ", notes)})";
    }

    private static string Short(string text) => text.Length <= LongestText ? text : string.Concat(text.AsSpan(0, LongestText), "...");

    private static void AppendLine(StringBuilder text, string line, string colour) =>
        text.Append(colour.Length > 0 ? colour + line + Plain : line).Append('\n');
}
