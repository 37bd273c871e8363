namespace Skitai.Configuration.Settings;

/// <summary>
/// Everything one <c>servers-enabled/NAME.conf</c> says, checked and typed. Immutable: a changed file
/// makes a new record. Nothing past the parser sees a string key.
/// </summary>
public sealed record InstanceSettings
{
    /// <summary>The instance's name: the conf file's name without <c>.conf</c>. Names logs and commands (<c>-f NAME</c>).</summary>
    public required string Name { get; init; }

    /// <summary>Absolute path of the conf file. Relative paths in it count from its directory (links are not resolved).</summary>
    public required string ConfPath { get; init; }

    /// <summary>The conf itself, as it was read: a process started later is to serve this one, whatever the file says by then.</summary>
    public string ConfText { get; init; } = "";

    /// <summary>What <c>[server]</c> says.</summary>
    public ServerSettings Server { get; init; } = new();

    /// <summary>What <c>[environment]</c> adds to the environment of this instance's app workers.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>What <c>[ssl]</c> and <c>[certificates:line]</c> say; null when <c>enable_ssl</c> is off: the port speaks clear text.</summary>
    public SslSettings? Ssl { get; init; }

    /// <summary>What <c>[tunefactors]</c> says.</summary>
    public TuneSettings Tune { get; init; } = new();

    /// <summary>
    /// The virtual hosts of <c>[routes:line]</c>, in file order. The one without names, if any, is the default host
    /// (the lines above the first <c>@</c>).
    /// </summary>
    public IReadOnlyList<VirtualHostSettings> Hosts { get; init; } = [];

    /// <summary>The clusters of <c>[@name]</c>, in file order; mounted or not.</summary>
    public IReadOnlyList<ClusterSettings> Clusters { get; init; } = [];

    /// <summary>What <c>[proxypass]</c> says.</summary>
    public CacheSettings Cache { get; init; } = new();
}
