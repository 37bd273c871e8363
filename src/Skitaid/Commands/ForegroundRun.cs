using Skitaid.Supervision;

namespace Skitaid.Commands;

/// <summary>A supervisor in the foreground for a person who watches: what apps say appears on the console.</summary>
internal static class ForegroundRun
{
    /// <summary>Runs it until its end.</summary>
    /// <param name="places">Where its files are.</param>
    /// <param name="verbose">Whether the supervisor's and the servers' logs appear, too.</param>
    /// <param name="greeting">What is said when it is ready.</param>
    public static async Task<int> RunAsync(DaemonPlaces places, bool verbose, Func<Supervisor, string> greeting)
    {
        using var ending = new CancellationTokenSource();
        List<Task> followers = [];
        var exit = await Supervisor.RunAsync(new SupervisorOptions
        {
            Etc = places.Etc,
            LogPath = places.Log,
            VarPath = places.Var,
            Console = verbose ? Console.Out : null,
            Colours = Terminal.HasColours,
            Tell = Console.Error.WriteLine,
            OnReady = (supervisor, _) =>
            {
                foreach (var instance in supervisor.Instances)
                {
                    followers.AddRange(LogsOf(places, instance.Name, verbose).Select(log => FollowAsync(log, ending.Token)));
                }

                Console.WriteLine(greeting(supervisor));
            },
        });
        await ending.CancelAsync();
        await Task.WhenAll(followers);
        return exit;
    }

    private static IEnumerable<string> LogsOf(DaemonPlaces places, string name, bool verbose)
    {
        string[] kinds = verbose ? ["app", "server", "request"] : ["app", "server"];
        return kinds.Select(kind => Path.Combine(places.InstanceLogs(name), kind + ".log"));
    }

    private static async Task FollowAsync(string path, CancellationToken ending)
    {
        using var tail = new LogTail(path);
        using var output = Console.OpenStandardOutput();
        tail.Open(lastBytes: int.MaxValue);
        await tail.FollowAsync(output, ending);
        await tail.CopyAsync(output, CancellationToken.None);
    }
}
