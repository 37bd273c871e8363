namespace Skitaid.Control;

/// <summary>What <c>skitaid status --json</c> prints. Fields are only ever added.</summary>
/// <param name="Version">The program's.</param>
/// <param name="Pid">The supervisor's.</param>
/// <param name="Uptime">Seconds.</param>
/// <param name="Memory">Bytes the supervisor itself takes (PSS).</param>
/// <param name="Etc">The config tree.</param>
/// <param name="Log">Where logs go.</param>
/// <param name="Var">Where state is kept.</param>
/// <param name="LogLinesLost">Lines of skitaid.log that the disk has not taken.</param>
/// <param name="Instances">One for each conf, sorted by name.</param>
internal sealed record DaemonStatus(
    string Version, int Pid, double Uptime, long Memory, string Etc, string Log, string Var, long LogLinesLost, IReadOnlyList<InstanceStatus> Instances);
