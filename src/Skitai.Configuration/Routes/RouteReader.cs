using Skitai.Configuration.Grammar;
using Skitai.Configuration.Keys;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Routes;

/// <summary>Reads <c>[routes:line]</c>: mounts, and the <c>@ host</c> lines that start virtual hosts.</summary>
internal sealed class RouteReader
{
    private const string Place = "[routes]";

    private readonly ReadContext _context;
    private readonly IReadOnlyCollection<string> _clusters;
    private readonly List<(IReadOnlyList<HostPattern> Names, List<MountSettings> Mounts, int Line)> _hosts = [];
    private readonly Dictionary<HostPattern, int> _hostLines = [];
    private List<MountSettings>? _mounts;

    private RouteReader(ReadContext context, IReadOnlyCollection<string> clusters)
    {
        _context = context;
        _clusters = clusters;
    }

    /// <summary>Reads the section's lines.</summary>
    /// <param name="section">As written; null = no routes.</param>
    /// <param name="clusters">The names of the conf's <c>[@name]</c> sections.</param>
    /// <param name="context">Takes the errors.</param>
    public static IReadOnlyList<VirtualHostSettings> Read(ConfSection? section, IReadOnlyCollection<string> clusters, ReadContext context)
    {
        var reader = new RouteReader(context, clusters);
        foreach (var line in section?.Lines ?? [])
        {
            if (context.Substitute(line.Line, Place, line.Text)?.Trim() is not { Length: > 0 } text)
            {
                continue;
            }

            if (text[0] == '@')
            {
                reader.StartHost(line.Line, text[1..]);
            }
            else
            {
                reader.AddMount(line.Line, text);
            }
        }

        reader.WarnOfExposure();
        reader.WarnOfNothing(section);
        return [.. reader._hosts.Select(host => new VirtualHostSettings(host.Names, host.Mounts) { Line = host.Line })];
    }

    private void StartHost(int line, string text)
    {
        var names = text.Split([' ', '\t', ','], StringSplitOptions.RemoveEmptyEntries);

        // The mounts below a refused line are checked all the same, as a host of their own.
        _mounts = [];
        if (names.Length == 0)
        {
            Refuse(line, "an @ line names one host or more: '@ www.example.com example.com'; '@ default' is every other host");
        }
        else if (names.Any(name => name is "default" or "*"))
        {
            if (names.Length > 1)
            {
                Refuse(line, $"{ErrorList.Quote(text.Trim())}: the default host takes every name that no other host has; name it alone");
            }
            else if (_hosts.Exists(host => host.Names.Count == 0))
            {
                Refuse(line, "the default host is there already: the lines above the first @ are its mounts, too");
            }
            else
            {
                _hosts.Add(([], _mounts, line));
            }
        }
        else
        {
            var patterns = new List<HostPattern>();
            foreach (var name in names)
            {
                if (HostNames.Read(name, out var problem) is not { } pattern)
                {
                    Refuse(line, problem);
                }
                else if (!_hostLines.TryAdd(pattern, line))
                {
                    Refuse(line, $"the host '{pattern}' is there twice; line {_hostLines[pattern]} has it already");
                }
                else
                {
                    patterns.Add(pattern);
                }
            }

            if (patterns.Count > 0)
            {
                _hosts.Add((patterns, _mounts, line));
            }
        }
    }

    private void AddMount(int line, string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            Refuse(line, $"{ErrorList.Quote(text)} is neither 'PATH = TARGET' nor '@ host'");
            return;
        }

        if (_mounts is null)
        {
            _mounts = [];
            _hosts.Add(([], _mounts, 0));
        }

        var path = MountPath.Read(text[..equals].TrimEnd(), out var problem);
        if (path is null)
        {
            Refuse(line, problem);
        }

        var target = Target.Read(text[(equals + 1)..].TrimStart(), _clusters, _context, out var problems);
        foreach (var wrong in problems)
        {
            Refuse(line, (path is null ? wrong : $"{path}: {wrong}") + ValueHint.Of(text[(equals + 1)..].Trim()));
        }

        if (path is null || target is null)
        {
            return;
        }

        if (_mounts.Find(other => other.Path == path && other.Target is (AppTarget or ClusterTarget)) is { } before)
        {
            var taker = before.Target is AppTarget ? "app" : "cluster";
            Refuse(line, $"{path}: could never answer; the {taker} of line {before.Line} on the same path takes every request");
            return;
        }

        _mounts.Add(new MountSettings(path, target, line));
    }

    /// <summary>A conf or a host without a mount answers 404 to everything, which nobody wants to have. A conf with errors has said enough.</summary>
    private void WarnOfNothing(ConfSection? section)
    {
        if (!_context.Errors.IsEmpty)
        {
            return;
        }

        if (section is null || section.Lines.Count == 0)
        {
            _context.Errors.Warn(section?.Line ?? 0, $"{Place} serves nothing: there is no mount 'PATH = TARGET'");
            return;
        }

        foreach (var (names, _, line) in _hosts.Where(host => host.Mounts.Count == 0 && host.Line > 0))
        {
            _context.Errors.Warn(line, $"{Place} @ {(names.Count == 0 ? "default" : string.Join(' ', names))} serves nothing: there is no mount 'PATH = TARGET' below it");
        }
    }

    /// <summary>Files that a person hardly means to hand out: the conf itself, and the apps' source.</summary>
    private void WarnOfExposure()
    {
        var mounts = _hosts.SelectMany(host => host.Mounts).ToList();
        var conf = Path.Combine(_context.Directory, _context.Errors.File);
        foreach (var mount in mounts)
        {
            if (mount.Target is not StaticTarget files)
            {
                continue;
            }

            if (IsBelow(conf, files.Directory) && Files.IsThere(conf))
            {
                _context.Errors.Warn(mount.Line, $"{Place} {mount.Path}: everybody can read this conf, as a file below '{files}'");
            }

            if (mounts.Select(other => other.Target).OfType<AppTarget>().FirstOrDefault(app => IsBelow(app.ToString(), files.Directory)) is { } exposed)
            {
                _context.Errors.Warn(mount.Line, $"{Place} {mount.Path}: everybody can read the source of {exposed}, as a file below '{files}'");
            }
        }
    }

    private static bool IsBelow(string path, string directory) =>
        path.StartsWith(directory.EndsWith('/') ? directory : directory + "/", StringComparison.Ordinal);

    private void Refuse(int line, string problem) => _context.Errors.Add(line, $"{Place} {problem}");
}
