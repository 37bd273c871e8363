using System.Net;
using Skitai.Configuration.Grammar;
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
        new DaemonConf(_machine).Read(ConfFile.Read(DaemonConfPath, missing: null), EtcPath);

    /// <summary>What can be used of a broken <c>skitaid.conf</c>: it is read as if the lines with errors were empty.</summary>
    public DaemonSettings ReadDaemonLeniently()
    {
        var result = ReadDaemon();
        var lines = ConfFile.Read(DaemonConfPath, missing: null).Text.Split('\n');
        while (result.Settings is null)
        {
            var broken = result.Errors.Select(error => error.Line - 1).Where(line => line >= 0 && line < lines.Length && lines[line].Length > 0).ToArray();
            if (broken.Length == 0)
            {
                lines = []; // it is about the file as a whole
            }

            foreach (var line in broken)
            {
                lines[line] = "";
            }

            result = new DaemonConf(_machine).Read(ConfFile.FromText(string.Join('\n', lines), DaemonConfPath), EtcPath);
        }

        return result.Settings;
    }

    /// <summary>The names of the enabled instances (files ending in <c>.conf</c>, hidden ones left out), sorted.</summary>
    public IReadOnlyList<string> InstanceNames() => InstanceNames(out _);

    /// <summary>
    /// As <see cref="InstanceNames()"/>, for whoever acts on a name's absence: null when the directory itself cannot be
    /// looked into, or is not there.
    /// </summary>
    /// <param name="problem">Why not, in one line.</param>
    public IReadOnlyList<string>? InstanceNamesIfReadable(out string problem)
    {
        var names = InstanceNames(out var error);
        problem = error?.ToString() ?? (Directory.Exists(EnabledPath) ? "" : $"{EnabledPath}: is not there");
        return problem.Length == 0 ? names : null;
    }

    /// <summary>Where the conf of an instance is.</summary>
    public string InstanceConfPath(string name) => Path.Combine(EnabledPath, name + Suffix);

    /// <summary>Whether the conf on the disk is another by now than the one that was read.</summary>
    public bool HasChanged(InstanceSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return ConfFile.Read(InstanceConfPath(settings.Name), missing: null).Text != settings.ConfText;
    }

    /// <summary>Reads and checks <c>servers-enabled/NAME.conf</c>, and the files it names.</summary>
    public ConfResult<InstanceSettings> ReadInstance(string name) => ReadInstance(name, out _);

    /// <summary>Reads and checks a conf that is not in a file.</summary>
    /// <param name="name">The instance's name.</param>
    /// <param name="text">The conf.</param>
    /// <param name="path">The path it is taken to have: relative paths in it count from that directory.</param>
    public ConfResult<InstanceSettings> ReadInstance(string name, string text, string path) =>
        new InstanceConf(_machine).Read(name, ConfFile.FromText(text, path), out _);

    /// <summary>
    /// Reads and checks everything, as before a start: each file by itself, then what only shows when they are seen
    /// together (two instances on one port).
    /// </summary>
    public ConfTreeResult ReadAll()
    {
        var daemon = ReadDaemon();
        var errors = daemon.Errors.ToList();
        var warnings = daemon.Warnings.ToList();
        var instances = new List<InstanceSettings>();
        var names = InstanceNames(out var unreadable);
        if (unreadable is not null)
        {
            errors.Add(unreadable);
        }

        warnings.AddRange(Files.NamesIn(EnabledPath, Directory.EnumerateFiles)
            .Where(file => file[0] != '.' && file[^1] != '~' && !file.EndsWith(Suffix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(file => new ConfError(file, 0, $"is not read: confs in {EnabledPath} end in {Suffix}")));
        foreach (var name in names)
        {
            var result = ReadInstance(name, out var portLine);
            errors.AddRange(result.Errors);
            warnings.AddRange(result.Warnings);
            if (result.Settings is not { } settings)
            {
                continue;
            }

            if (instances.Find(other => OverlapsWith(other.Server, settings.Server)) is { } taken)
            {
                errors.Add(new ConfError(
                    name + Suffix,
                    portLine,
                    $"[server] port: {new IPEndPoint(settings.Server.Ip, settings.Server.Port)} is taken by the instance '{taken.Name}' ({new IPEndPoint(taken.Server.Ip, taken.Server.Port)})"));
            }

            if (daemon.Settings is { } global && MissingPython(settings, global) is { } python)
            {
                errors.Add(new ConfError(
                    name + Suffix, 0, $"its apps need a Python interpreter, and '{python}' is not in PATH; set [server] python, or [global] python in skitaid.conf"));
            }

            instances.Add(settings);
        }

        return new ConfTreeResult(daemon.Settings, instances, errors, warnings);
    }

    private IReadOnlyList<string> InstanceNames(out ConfError? error)
    {
        error = null;
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
        catch (DirectoryNotFoundException)
        {
            // A root without servers-enabled is one without instances.
            error = !Directory.Exists(EtcPath) ? new ConfError(EtcPath, 0, "there is no such directory; 'skitaid init' makes one")
                : File.Exists(EnabledPath) ? new ConfError(EnabledPath, 0, "is a file, not a directory")
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            error = new ConfError(EnabledPath, 0, $"cannot be read: {e.Message}");
        }

        return [];
    }

    private ConfResult<InstanceSettings> ReadInstance(string name, out int portLine)
    {
        // A name from a command line must not lead out of the directory.
        var file = InstanceConf.IsName(name)
            ? ConfFile.Read(InstanceConfPath(name), Missing(name))
            : new ConfFile(EnabledPath, "", new ErrorList(name + Suffix));
        return new InstanceConf(_machine).Read(name, file, out portLine);
    }

    private string Missing(string name)
    {
        var advice = Files.IsThere(Path.Combine(EtcPath, "servers-available", name + Suffix))
            ? $"; enable it with: ln -s ../servers-available/{name}{Suffix} {EnabledPath}/"
            : Nearest.Hint(name, InstanceNames());
        return $"there is no file '{InstanceConfPath(name)}'{advice}";
    }

    /// <summary>Whether the kernel would refuse the second of the two; <c>::</c> takes IPv4 clients as well.</summary>
    private static bool OverlapsWith(ServerSettings a, ServerSettings b) =>
        a.Port == b.Port
        && (a.Ip.Equals(b.Ip)
            || a.Ip.Equals(IPAddress.IPv6Any)
            || b.Ip.Equals(IPAddress.IPv6Any)
            || (a.Ip.AddressFamily == b.Ip.AddressFamily && (a.Ip.Equals(IPAddress.Any) || b.Ip.Equals(IPAddress.Any))));

    /// <summary>The default interpreter, if the instance needs it and it is not there. One that a conf names is checked there.</summary>
    private string? MissingPython(InstanceSettings settings, DaemonSettings daemon) =>
        settings.Server.Python is null
        && settings.Hosts.Any(host => host.Mounts.Any(mount => mount.Target is AppTarget))
        && !daemon.Python.Contains('/', StringComparison.Ordinal)
        && _machine.FindExecutable(daemon.Python) is null
            ? daemon.Python
            : null;
}
