using Skitai.Configuration.Keys;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Sections;

/// <summary><c>[global]</c> of <c>skitaid.conf</c>.</summary>
internal static class GlobalSection
{
    private static readonly Key<string?> LogPath = new(
        "log_path", Kinds.FilePath, "/var/log/skitaid",
        "Directory of all logs; made when it is not there.");

    private static readonly Key<string?> VarPath = new(
        "var_path", Kinds.FilePath, "/var/local/skitaid",
        "Directory of the daemon's state: pid file, control socket, caches; made when it is not there.");

    private static readonly Key<string?> Python = new(
        "python", Kinds.Executable, "python3",
        "Python interpreter (3.8 or newer) of every instance that does not name its own.");

    private static readonly Key<string?> User = new(
        "user", Kinds.User, null,
        "Account that instances run as when the daemon was started as root. Not set = they stay root.");

    public static readonly Section Declaration = new(
        "global", "The daemon as a whole.", [LogPath, VarPath, Python, User]);

    public static DaemonSettings Build(SectionReader reader, string etcPath) => new()
    {
        EtcPath = etcPath,
        LogPath = reader.Get(LogPath)!,
        VarPath = reader.Get(VarPath)!,
        LogPathLine = reader.Has(LogPath) ? reader.LineOf(LogPath) : 0,
        VarPathLine = reader.Has(VarPath) ? reader.LineOf(VarPath) : 0,
        Python = reader.Get(Python)!,
        User = reader.Get(User),
    };
}
