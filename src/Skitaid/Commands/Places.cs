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

    /// <summary>All three places, read from skitaid.conf.</summary>
    /// <exception cref="UsageException">skitaid.conf is broken.</exception>
    public static DaemonPlaces Find(CommandLine line) => Find(line, Etc(line));

    /// <summary>All three places of a given tree.</summary>
    /// <exception cref="UsageException">skitaid.conf is broken.</exception>
    public static DaemonPlaces Find(CommandLine line, string etc)
    {
        var (log, var) = (Absolute(line[OptionNames.LogPath]), Absolute(line[OptionNames.VarPath]));
        if (log is not null && var is not null)
        {
            return new DaemonPlaces(etc, log, var);
        }

        var (settings, errors) = new ConfTree(etc).ReadDaemon();
        return settings is null
            ? throw new UsageException(string.Join('\n', errors))
            : new DaemonPlaces(etc, log ?? settings.LogPath, var ?? settings.VarPath);
    }

    /// <summary>A path as typed, made absolute; null stays null.</summary>
    public static string? Absolute(string? path) => path is null ? null : Path.GetFullPath(path);
}
