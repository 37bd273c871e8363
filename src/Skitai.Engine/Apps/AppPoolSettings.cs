using System.Collections;
using System.Text.Json;
using Skitai.Configuration.Settings;
using Skitai.Engine.Hosting.Transport;

namespace Skitai.Engine.Apps;

/// <summary>What an <see cref="AppPool"/> has to know.</summary>
public sealed record AppPoolSettings
{
    /// <summary>The app.</summary>
    public required AppTarget Target { get; init; }

    /// <summary>Threads and processes.</summary>
    public required ServerSettings Server { get; init; }

    /// <summary>Limits and patience.</summary>
    public TuneSettings Tune { get; init; } = new();

    /// <summary>Variables beyond this process's own.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The interpreter: a path or a name found in PATH.</summary>
    public string Python { get; init; } = "python3";

    /// <summary>The directory that holds the package <c>skitai</c>.</summary>
    public required string PythonPackage { get; init; }

    /// <summary>The instance's name.</summary>
    public required string InstanceName { get; init; }

    /// <summary>The paths it is mounted on.</summary>
    public IReadOnlyList<string> Mounts { get; init; } = [];

    /// <summary>SERVER_SOFTWARE.</summary>
    public string Software { get; init; } = "skitaid/" + typeof(AppPoolSettings).Assembly.GetName().Version?.ToString(3);

    /// <summary>Where the files of large request bodies and of answers to slow clients may be: the first that takes them.</summary>
    public IReadOnlyList<string> SpoolDirectories { get; init; } =
        System.Environment.GetEnvironmentVariable("TMPDIR") is { Length: > 0 } said ? [said] : ["/var/tmp", "/tmp"];

    /// <summary>What <c>ps</c> and the logs call it.</summary>
    public string Label => $"{InstanceName}:{(Mounts.Count > 0 ? Mounts[0] : Target.Module)}";

    /// <summary>The Python file that a worker runs.</summary>
    internal string WorkerFile => Path.Combine(PythonPackage, "skitai", "worker", "__main__.py");

    /// <summary>The payload of LOAD.</summary>
    internal byte[] Load() => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>(StringComparer.Ordinal)
    {
        ["protocol"] = 1,
        ["directory"] = Target.Directory,
        ["module"] = Target.Module,
        ["callable"] = Target.Callable,
        ["threads"] = Server.Threads,
        ["processes"] = Server.Processes,
        ["name"] = Server.Name.Length > 0 ? Server.Name : InstanceName,
        ["mounts"] = Mounts,
        ["software"] = Software,
    });

    /// <summary>Whether workers started by one can serve for the other: a changed conf need not renew them.</summary>
    internal bool MeansTheSameAs(AppPoolSettings other)
    {
        var limits = Tune with { StaticMaxAge = other.Tune.StaticMaxAge };
        return limits == other.Tune
            && Python == other.Python
            && PythonPackage == other.PythonPackage
            && InstanceName == other.InstanceName
            && Load().AsSpan().SequenceEqual(other.Load())
            && Environment.Count == other.Environment.Count
            && Environment.All(pair => other.Environment.TryGetValue(pair.Key, out var value) && value == pair.Value);
    }

    /// <summary>The whole environment of a worker.</summary>
    internal Dictionary<string, string> WorkerEnvironment()
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in System.Environment.GetEnvironmentVariables())
        {
            all[(string)entry.Key] = (string?)entry.Value ?? "";
        }

        all.Remove(InlineCompletions.Variable); // ours, not the apps'
        foreach (var (name, value) in Environment)
        {
            all[name] = value;
        }

        return all;
    }
}
