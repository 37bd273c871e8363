using Skitaid.Supervision;

namespace Skitaid.Commands;

/// <summary><c>skitaid demo</c>: serves <c>examples/etc</c> of the source tree in the foreground.</summary>
internal static class DemoCommand
{
    /// <summary>Runs until Ctrl-C.</summary>
    public static async Task<int> RunAsync(CommandLine line)
    {
        if (FindExamples() is not { } etc)
        {
            await Console.Error.WriteLineAsync("skitaid demo: no examples/etc above the program: it is part of the source tree");
            return ExitCodes.Failed;
        }

        var places = Places.Find(line, etc);
        if (!places.SocketPathFits)
        {
            // A clone deep down in the file system: the state goes to a short path of the user's own.
            var home = Path.Combine(Path.GetTempPath(), $"skitaid-demo-{Environment.UserName}");
            Directory.CreateDirectory(home, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            places = places with { Var = home };
        }

        return await ForegroundRun.RunAsync(places, line.Has(OptionNames.Verbose), supervisor => Greeting(supervisor, places, Places.Find(line, etc)));
    }

    private static string Greeting(Supervisor supervisor, DaemonPlaces places, DaemonPlaces said) =>
        $"""

        The demo runs from {places.Etc}; logs are in {places.Log}.
        From another terminal: skitaid --etc {places.Etc}{(places == said ? "" : $" --var-path {places.Var}")} status
        Ctrl-C stops it.

        {string.Join('\n', supervisor.Instances.Where(instance => instance.IsRunning).Select(instance => $"  {instance.Name,-12} {instance.Address}/"))}
        """;

    private static string? FindExamples()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var etc = Path.Combine(directory.FullName, "examples", "etc");
            if (Directory.Exists(Path.Combine(etc, "servers-enabled")))
            {
                return etc;
            }
        }

        return null;
    }
}
