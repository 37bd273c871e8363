using Skitaid.Supervision;

namespace Skitaid.Commands;

/// <summary><c>skitaid log</c>: the end of a log, and with <c>-F</c> what comes.</summary>
internal static class LogCommand
{
    private static readonly string[] Kinds = ["app", "server", "request"];

    private const int Shown = 16 * 1024;

    /// <summary>Prints the last 16 KB, from the start of a line; of the youngest rotated file while the current one has nothing.</summary>
    public static async Task<int> RunAsync(CommandLine line, CancellationToken cancellation)
    {
        var path = PathOf(line, Places.Find(line));
        using var tail = new LogTail(path);
        using var output = Console.OpenStandardOutput();
        var exists = tail.Open(Shown);
        if (tail.IsEmpty)
        {
            using var rotated = new LogTail(path + ".1");
            var nothing = exists ? $"{path} is empty" : $"there is no {path} yet";
            if (rotated.Open(Shown))
            {
                await Console.Error.WriteLineAsync($"{nothing}: this is the end of {path}.1");
                await rotated.CopyAsync(output, cancellation);
            }
            else if (!exists)
            {
                await Console.Error.WriteLineAsync(nothing);
                if (!line.Has(OptionNames.Follow))
                {
                    return ExitCodes.Failed;
                }
            }
        }

        await tail.CopyAsync(output, cancellation);
        if (line.Has(OptionNames.Follow))
        {
            await tail.FollowAsync(output, cancellation);
        }

        return ExitCodes.Done;
    }

    private static string PathOf(CommandLine line, DaemonPlaces places)
    {
        var kind = line[OptionNames.Which];
        if (line[OptionNames.Name] is not { } name)
        {
            return kind is null
                ? places.DaemonLog
                : throw new UsageException($"-s picks one of an instance's logs: skitaid -f NAME log -s {kind}");
        }

        LaterNames.Refuse(name);
        kind ??= Kinds[0];
        if (!Kinds.Contains(kind))
        {
            throw new UsageException($"there is no log '{kind}': -s takes {string.Join(", ", Kinds)}");
        }

        if (!Directory.Exists(places.InstanceLogs(name)))
        {
            var all = Path.GetDirectoryName(places.InstanceLogs(name))!;
            var known = Directory.Exists(all) ? Directory.EnumerateDirectories(all).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToArray() : [];
            throw new UsageException($"no instance '{name}' has left logs in {all}" + (known.Length > 0 ? ": there are those of " + string.Join(", ", known) : ""));
        }

        return Path.Combine(places.InstanceLogs(name), kind + ".log");
    }
}
