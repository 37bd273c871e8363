namespace Skitai.Configuration.Settings;

/// <summary>What <c>skitaid.conf</c> says. All of it may be absent: an empty file is a valid one.</summary>
public sealed record DaemonSettings
{
    /// <summary>The root of the config tree (<c>--etc</c>): holds <c>skitaid.conf</c> and <c>servers-enabled/</c>.</summary>
    public required string EtcPath { get; init; }

    /// <summary>Where logs go.</summary>
    public string LogPath { get; init; } = "/var/log/skitaid";

    /// <summary>Where the daemon keeps its state: pid file, control socket, caches.</summary>
    public string VarPath { get; init; } = "/var/local/skitaid";

    /// <summary>The line that sets <see cref="LogPath"/>; 0 = none does.</summary>
    public int LogPathLine { get; init; }

    /// <summary>The line that sets <see cref="VarPath"/>; 0 = none does.</summary>
    public int VarPathLine { get; init; }

    /// <summary>The Python interpreter of app workers, unless an instance names its own.</summary>
    public string Python { get; init; } = "python3";

    /// <summary>The account that instances run as unless their <c>[server] user</c> names another; null = unchanged.</summary>
    public string? User { get; init; }
}
