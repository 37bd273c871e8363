using Skitai.Configuration.Settings;

namespace Skitai.Configuration;

/// <summary>
/// The config tree under one root: <c>skitaid.conf</c> and <c>servers-enabled/*.conf</c>. The one door to this library.
/// </summary>
/// <param name="etcPath">Absolute path of the root.</param>
public sealed class ConfTree(string etcPath)
{
    /// <summary>The root.</summary>
    public string EtcPath { get; } = etcPath;

    /// <summary><c>servers-enabled</c> under the root.</summary>
    public string EnabledPath => Path.Combine(EtcPath, "servers-enabled");

    /// <summary>Reads and checks <c>skitaid.conf</c>; a missing file means all defaults.</summary>
    public ConfResult<DaemonSettings> ReadDaemon() => throw new NotSupportedException();

    /// <summary>The names of the enabled instances (files ending in <c>.conf</c>, hidden ones left out), sorted.</summary>
    public IReadOnlyList<string> InstanceNames() => throw new NotSupportedException();

    /// <summary>Reads and checks <c>servers-enabled/NAME.conf</c>, and the files it names.</summary>
    public ConfResult<InstanceSettings> ReadInstance(string name) => throw new NotSupportedException(name);
}
