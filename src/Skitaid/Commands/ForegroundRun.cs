using Skitai.Configuration;
using Skitaid.Supervision;

namespace Skitaid.Commands;

/// <summary>A supervisor in the foreground for a person who watches: what apps say appears on the console.</summary>
internal static class ForegroundRun
{
    /// <summary>Log lines are written in batches: what was said until the start is in the files by then.</summary>
    private static readonly TimeSpan LogDelay = TimeSpan.FromMilliseconds(300);

    /// <summary>Runs it until its end.</summary>
    /// <param name="places">Where its files are.</param>
    /// <param name="verbose">Whether the supervisor's and the servers' logs appear, too.</param>
    /// <param name="greeting">What is said when it is ready.</param>
    public static async Task<int> RunAsync(DaemonPlaces places, bool verbose, Func<Supervisor, string> greeting)
    {
        using var ending = new CancellationTokenSource();
        using var output = new TerminalStream(Console.OpenStandardOutput());

        // What an earlier run has left in the logs is not shown again.
        LogTail[] tails = [.. new ConfTree(places.Etc).InstanceNames().SelectMany(name => LogsOf(places, name, verbose)).Select(log => new LogTail(log))];
        foreach (var tail in tails)
        {
            tail.Open(lastBytes: 0);
        }

        var showing = Task.CompletedTask;
        var exit = await Supervisor.RunAsync(new SupervisorOptions
        {
            Etc = places.Etc,
            LogPath = places.Log,
            VarPath = places.Var,
            Console = verbose ? Console.Out : null,
            Colours = Terminal.HasColours,
            HangUpEnds = true,
            Tell = Console.Error.WriteLine,
            OnReady = (supervisor, _) => showing = ShowAsync(tails, output, greeting(supervisor), ending.Token),
        });
        await ending.CancelAsync();
        await showing;
        foreach (var tail in tails)
        {
            await tail.CopyAsync(output, CancellationToken.None);
            tail.Dispose();
        }

        return exit;
    }

    private static IEnumerable<string> LogsOf(DaemonPlaces places, string name, bool verbose)
    {
        string[] kinds = verbose ? ["app", "server", "request"] : ["app", "server"];
        return kinds.Select(kind => Path.Combine(places.InstanceLogs(name), kind + ".log"));
    }

    /// <summary>The greeting comes below what the start has left in the logs, where it is seen; then the logs go on.</summary>
    private static async Task ShowAsync(LogTail[] tails, Stream output, string greeting, CancellationToken ending)
    {
        try
        {
            await Task.Delay(LogDelay, ending);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        foreach (var tail in tails)
        {
            if (!tail.IsOpen)
            {
                tail.Open(lastBytes: int.MaxValue);
            }

            await tail.CopyAsync(output, CancellationToken.None);
        }

        Console.WriteLine(greeting);
        await Task.WhenAll(tails.Select(tail => tail.FollowAsync(output, ending)));
    }
}
