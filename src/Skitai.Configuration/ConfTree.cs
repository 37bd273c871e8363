using Skitai.Configuration.Settings;

namespace Skitai.Configuration;

/// <summary>
/// The config tree under one root: <c>skitaid.conf</c> and <c>servers-enabled/*.conf</c>. The one door to this library.
/// </summary>
/// <param name="etcPath">The root; a relative path counts from the working directory.</param>
/// <param name="machine">What confs refer to outside their files; null = this machine.</param>
public sealed class ConfTree(string etcPath, Machine? machine = null)
{
    private const string Suffix = ".conf";

    private readonly Machine _machine = machine ?? new Machine();

    /// <summary>The root, absolute.</summary>
    public string EtcPath { get; } = Path.GetFullPath(etcPath);

    /// <summary><c>skitaid.conf</c> under the root.</summary>
    public string DaemonConfPath => Path.Combine(EtcPath, "skitaid.conf");

    /// <summary><c>servers-enabled</c> under the root.</summary>
    public string EnabledPath => Path.Combine(EtcPath, "servers-enabled");

    /// <summary>Reads and checks <c>skitaid.conf</c>; a missing file means all defaults.</summary>
    public ConfResult<DaemonSettings> ReadDaemon() =>
        new DaemonConf(_machine).Read(ConfFile.Read(DaemonConfPath, mayBeMissing: true), EtcPath);

    /// <summary>The names of the enabled instances (files ending in <c>.conf</c>, hidden ones left out), sorted.</summary>
    public IReadOnlyList<string> InstanceNames()
    {
        try
        {
            return
            [
                .. Directory.EnumerateFiles(EnabledPath, "*" + Suffix)
                    .Select(path => Path.GetFileName(path)[..^Suffix.Length])
                    .Where(name => name.Length > 0 && name[0] != '.')
                    .Order(StringComparer.Ordinal),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Where the conf of an instance is.</summary>
    public string InstanceConfPath(string name) => Path.Combine(EnabledPath, name + Suffix);

    /// <summary>Reads and checks <c>servers-enabled/NAME.conf</c>, and the files it names.</summary>
    public ConfResult<InstanceSettings> ReadInstance(string name)
    {
        var path = InstanceConfPath(name);
        return new InstanceConf(_machine).Read(name, ConfFile.Read(path, mayBeMissing: false));
    }

    /// <summary>Reads and checks a conf that is not in a file.</summary>
    /// <param name="name">The instance's name.</param>
    /// <param name="text">The conf.</param>
    /// <param name="path">Absolute path it is taken to have: relative paths in it count from that directory.</param>
    public ConfResult<InstanceSettings> ReadInstance(string name, string text, string path) =>
        new InstanceConf(_machine).Read(name, ConfFile.FromText(text, path));
}
