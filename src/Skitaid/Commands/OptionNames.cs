namespace Skitaid.Commands;

/// <summary>All options of the command line.</summary>
internal static class OptionNames
{
#pragma warning disable CS1591 // explained in HelpText
    public const string Etc = "--etc", Name = "--name", Verbose = "--verbose", Help = "--help", Version = "--version";
    public const string Json = "--json", Force = "--force", Follow = "--follow", Which = "--log", Method = "--method";
    public const string Ip = "--ip", Port = "--port", Threads = "--threads", Processes = "--processes", Mount = "--mount", Python = "--python";
    public const string CertFile = "--certfile", KeyFile = "--keyfile", Passphrase = "--passphrase", StaticMaxAge = "--static-max-age";
    public const string All = "--all", Wait = "--wait";
    public const string LogPath = "--log-path", VarPath = "--var-path";
#pragma warning restore CS1591

    private static readonly CommandOption[] Options =
    [
        new(Etc, null, "DIR"),
        new(Name, "-f", "NAME"),
        new(Verbose, "-v", null, "start", "run", "demo"),
        new(Help, "-h", null),
        new(Version, null, null),
        new(Json, null, null, "status", "explain", "member"),
        new(Wait, null, null, "member"),
        new(All, null, null, "purge"),
        new(Method, "-X", "METHOD", "explain"),
        new(Force, null, null, "restart", "reload"),
        new(Follow, "-F", null, "log"),
        new(Which, "-s", "server|app|request", "log"),
        new(Ip, null, "ADDRESS", "run"),
        new(Port, null, "PORT", "run"),
        new(Threads, null, "N", "run"),
        new(Processes, null, "N", "run"),
        new(Mount, null, "PATH=TARGET", "run"),
        new(Python, null, "PROGRAM", "run"),
        new(CertFile, null, "FILE", "run"),
        new(KeyFile, null, "FILE", "run"),
        new(Passphrase, null, "TEXT", "run"),
        new(StaticMaxAge, null, "SECONDS", "run"),
        new(LogPath, null, "DIR"),
        new(VarPath, null, "DIR"),
    ];

    /// <summary>The long forms.</summary>
    public static IEnumerable<string> Long => Options.Select(option => option.Name);

    /// <summary>The option of a long or short form; null when there is none.</summary>
    public static CommandOption? Find(string typed) => Array.Find(Options, option => option.Name == typed || option.Short == typed);
}
