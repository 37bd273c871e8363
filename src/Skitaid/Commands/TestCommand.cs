using Skitai.Configuration;
using Skitaid.Supervision;

namespace Skitaid.Commands;

/// <summary><c>skitaid test</c>: checks confs and starts nothing.</summary>
internal static class TestCommand
{
    /// <summary>Prints every error, or a line for each conf that is fine.</summary>
    public static int Run(CommandLine line)
    {
        var tree = new ConfTree(Places.Etc(line));
        IReadOnlyList<string> errors, warnings = [];
        List<string> fine = [];
        if (line[OptionNames.Name] is { } name)
        {
            InstanceNames.Require(tree, name);
            (var settings, errors, warnings) = TreeCheck.ReadInstance(tree, name);
            fine.AddRange(settings is null ? [] : [Fine(name, settings)]);
        }
        else
        {
            var check = TreeCheck.Read(tree);
            var places = check.Daemon is null
                ? (Errors: [], Warnings: [])
                : PlaceCheck.Look(check.Daemon, log: !line.Has(OptionNames.LogPath), var: !line.Has(OptionNames.VarPath));
            (errors, warnings) = ([.. check.Errors, .. places.Errors], [.. check.Warnings, .. places.Warnings]);
            fine.AddRange(check.Daemon is null ? [] : ["skitaid.conf: ok"]);
            fine.AddRange(check.Instances.Select(settings => Fine(settings.Name, settings)));
            if (check.Instances.Count == 0 && errors.Count == 0)
            {
                fine.Add($"no conf in {tree.EnabledPath}: a start would serve nothing");
            }
        }

        foreach (var warning in warnings)
        {
            Console.Error.WriteLine($"warning: {warning}");
        }

        foreach (var error in errors)
        {
            Console.Error.WriteLine(error);
        }

        if (errors.Count == 0)
        {
            fine.ForEach(Console.Out.WriteLine);
        }

        return errors.Count == 0 ? ExitCodes.Done : ExitCodes.Usage;
    }

    private static string Fine(string name, Skitai.Configuration.Settings.InstanceSettings settings)
    {
        var mounts = settings.Hosts.Sum(host => host.Mounts.Count);
        return $"{name}.conf: ok, {ListeningSocket.UrlOf(settings)}, {mounts} mount{(mounts == 1 ? "" : "s")}";
    }
}
