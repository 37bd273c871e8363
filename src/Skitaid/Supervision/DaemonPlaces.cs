using System.Text;

namespace Skitaid.Supervision;

/// <summary>Where a daemon's files are.</summary>
/// <param name="Etc">The config tree.</param>
/// <param name="Log">Logs.</param>
/// <param name="Var">State: pid file, control socket, caches.</param>
internal sealed record DaemonPlaces(string Etc, string Log, string Var)
{
    /// <summary>Holds the supervisor's pid, locked while it runs: the lock is what counts.</summary>
    public string PidFile => Path.Combine(Var, "skitaid.pid");

    /// <summary>Where commands reach the supervisor.</summary>
    public string ControlSocket => Path.Combine(Var, "skitaid.sock");

    /// <summary>Whether a socket can have that path: sockaddr_un has 108 bytes for it and its end.</summary>
    public bool SocketPathFits => Encoding.UTF8.GetByteCount(ControlSocket) <= 107;

    /// <summary>A command as it is to be typed for the daemon of a config tree, for messages.</summary>
    public static string Command(string etc, string rest) => etc == "/etc/skitaid" ? $"skitaid {rest}" : $"skitaid --etc {etc} {rest}";

    /// <summary>A command as it is to be typed for this daemon, for messages.</summary>
    public string Command(string rest) => Command(Etc, rest);

    /// <summary>The supervisor's own log.</summary>
    public string DaemonLog => Path.Combine(Log, "skitaid.log");

    /// <summary>The directory of an instance's logs.</summary>
    public string InstanceLogs(string name) => Path.Combine(Log, "instances", name);

    /// <summary>The directory in which an instance's cache is kept on disk.</summary>
    public string InstanceCache(string name) => Path.Combine(Var, "cache", name);

    /// <summary>Makes the directories that are missing and sees whether they can be written to; else one line that says why not.</summary>
    public string? Prepare()
    {
        foreach (var (directory, key) in new[] { (Log, "log_path"), (Var, "var_path") })
        {
            try
            {
                Directory.CreateDirectory(directory);
                var probe = Path.Combine(directory, $".skitaid-{Environment.ProcessId}");
                File.WriteAllBytes(probe, []);
                File.Delete(probe);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                return $"cannot write to {directory} ({failure.Message.TrimEnd('.')}): "
                    + $"start as a user who may, or set {key} in [global] of {Path.Combine(Etc, "skitaid.conf")}";
            }
        }

        return SocketPathFits
            ? null
            : $"the path of the control socket is longer than the 107 bytes a system allows: {ControlSocket}; set a shorter var_path";
    }
}
