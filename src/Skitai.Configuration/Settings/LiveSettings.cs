namespace Skitai.Configuration.Settings;

/// <summary>
/// What a running instance can take up of a changed conf: mounts, clusters, and how many workers its apps get, with what
/// environment and limits. A change of anything else needs a new process.
/// </summary>
public sealed record LiveSettings
{
    /// <summary>The virtual hosts and their mounts.</summary>
    public required IReadOnlyList<VirtualHostSettings> Hosts { get; init; }

    /// <summary>What <c>[environment]</c> says.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary><c>[server] threads</c>.</summary>
    public required int Threads { get; init; }

    /// <summary><c>[server] processes</c>.</summary>
    public required int Processes { get; init; }

    /// <summary><c>[server] name</c>.</summary>
    public required string ServerName { get; init; }

    /// <summary><c>[server] python</c>, else that of skitaid.conf: what the supervisor hands over names one. Null = <c>python3</c>.</summary>
    public required string? Python { get; init; }

    /// <summary><c>[tunefactors]</c>; those for connections and requests are as they were.</summary>
    public required TuneSettings Tune { get; init; }

    /// <summary>The clusters; one that <see cref="ClusterSettings.MeansTheSameAs"/> the one before goes on untouched.</summary>
    public required IReadOnlyList<ClusterSettings> Clusters { get; init; }

    /// <summary><c>[proxypass]</c>: what is kept stays, as far as there is room.</summary>
    public required CacheSettings Cache { get; init; }

    /// <summary>That part of a conf.</summary>
    public static LiveSettings Of(InstanceSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new()
        {
            Hosts = settings.Hosts,
            Environment = settings.Environment,
            Threads = settings.Server.Threads,
            Processes = settings.Server.Processes,
            ServerName = settings.Server.Name,
            Python = settings.Server.Python,
            Tune = settings.Tune,
            Clusters = settings.Clusters,
            Cache = settings.Cache,
        };
    }

    /// <summary>The section in which something has changed that only a new process takes up; null = in none.</summary>
    public static string? NeedsNewProcess(InstanceSettings before, InstanceSettings after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);

        // What can be taken up is named, not what cannot: a key that nobody thought of here is safe.
        var server = before.Server with
        {
            Threads = after.Server.Threads,
            Processes = after.Server.Processes,
            Name = after.Server.Name,
            Python = after.Server.Python,
            TrustedProxies = after.Server.TrustedProxies,
        };
        var tune = before.Tune with
        {
            StaticMaxAge = after.Tune.StaticMaxAge,
            AppTimeout = after.Tune.AppTimeout,
            SlowRequest = after.Tune.SlowRequest,
            BufferUploads = after.Tune.BufferUploads,
            BufferAnswers = after.Tune.BufferAnswers,
            MaxRequests = after.Tune.MaxRequests,
            MaxWorkerMemory = after.Tune.MaxWorkerMemory,
        };
        return server != after.Server || !before.Server.TrustedProxies.SequenceEqual(after.Server.TrustedProxies) ? "[server]"
            : tune != after.Tune ? "[tunefactors]"
            : !MeansTheSame(before.Ssl, after.Ssl) ? "[ssl]"
            : null;
    }

    /// <summary>The conf with this part in place of its own.</summary>
    public InstanceSettings ApplyTo(InstanceSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings with
        {
            Hosts = Hosts,
            Environment = Environment,
            Server = settings.Server with { Threads = Threads, Processes = Processes, Name = ServerName, Python = Python },
            Tune = Tune,
            Clusters = Clusters,
            Cache = Cache,
        };
    }

    private static bool MeansTheSame(SslSettings? before, SslSettings? after) =>
        before is null || after is null
            ? before == after
            : before.Default == after.Default && before.Certificates.Select(WithoutLine).SequenceEqual(after.Certificates.Select(WithoutLine));

    /// <summary>A line that has only moved in the file means the same.</summary>
    private static SniCertificate WithoutLine(SniCertificate certificate) => certificate with { Line = 0 };
}
