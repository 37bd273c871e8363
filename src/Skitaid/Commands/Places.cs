using Skitai.Configuration;
using Skitaid.Supervision;

namespace Skitaid.Commands;

/// <summary>Which config tree, logs and state a command line is about.</summary>
internal static class Places
{
    /// <summary>The config tree: <c>--etc</c>, else SKITAID_ETC, else /etc/skitaid. Absolute.</summary>
    public static string Etc(CommandLine line)
    {
        var said = line[OptionNames.Etc] ?? Environment.GetEnvironmentVariable("SKITAID_ETC");
        return Path.GetFullPath(string.IsNullOrEmpty(said) ? "/etc/skitaid" : said);
    }

    /// <summary>
    /// All three places, read from skitaid.conf. A broken one is used as far as it goes: a daemon that runs must stay
    /// within reach, to be stopped for example.
    /// </summary>
    public static DaemonPlaces Find(CommandLine line) => Find(line, Etc(line));

    /// <summary>All three places of a given tree; else as <see cref="Find(CommandLine)"/>.</summary>
    public static DaemonPlaces Find(CommandLine line, string etc)
    {
        var (log, var) = (Absolute(line[OptionNames.LogPath]), Absolute(line[OptionNames.VarPath]));
        if (log is not null && var is not null)
        {
            return new DaemonPlaces(etc, log, var);
        }

        var tree = new ConfTree(etc);
        var (settings, errors) = tree.ReadDaemon();
        if (settings is null)
        {
            settings = tree.ReadDaemonLeniently();
            foreach (var error in errors)
            {
                Console.Error.WriteLine($"skitaid: {error}");
            }

            Console.Error.WriteLine($"skitaid: that conf is broken; taking log_path = {log ?? settings.LogPath}, var_path = {var ?? settings.VarPath}");
        }

        return new DaemonPlaces(etc, log ?? settings.LogPath, var ?? settings.VarPath);
    }

    /// <summary>A path as typed, made absolute; null stays null.</summary>
    public static string? Absolute(string? path) => path is null ? null : Path.GetFullPath(path);
}
