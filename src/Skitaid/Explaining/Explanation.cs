using Skitai.Configuration.Reference;
using Skitai.Engine.Static;

namespace Skitaid.Explaining;

/// <summary>What a request would meet in one instance, and why.</summary>
internal sealed record Explanation
{
    /// <summary>The method asked with.</summary>
    public required string Method { get; init; }

    /// <summary>The whole URL.</summary>
    public required string Url { get; init; }

    /// <summary>The instance's name.</summary>
    public required string Instance { get; init; }

    /// <summary>Its conf.</summary>
    public required string Conf { get; init; }

    /// <summary>Where it listens, as a URL.</summary>
    public required string Address { get; init; }

    /// <summary>The certificate of the handshake; null on a clear-text port.</summary>
    public ExplainedCertificate? Certificate { get; init; }

    /// <summary>The virtual host; null = none takes the name.</summary>
    public ExplainedHost? Host { get; init; }

    /// <summary>The path that is gone by, decoded.</summary>
    public required string Path { get; init; }

    /// <summary>The query as it came.</summary>
    public required string Query { get; init; }

    /// <summary>The host's mounts in the order in which they are asked.</summary>
    public IReadOnlyList<ExplainedMount> Mounts { get; init; } = [];

    /// <summary>The line of the mount that answers; null = none does.</summary>
    public int? AnsweredBy { get; init; }

    /// <summary>The answer's status; null = the app or the member says it.</summary>
    public int? Status { get; init; }

    /// <summary>The same over HTTP/2 and TLS.</summary>
    public int? StatusOverHttp2 { get; init; }

    /// <summary>Where it redirects to.</summary>
    public string? Location { get; init; }

    /// <summary>What a 405 allows.</summary>
    public string? Allow { get; init; }

    /// <summary>The app that answers; null = none.</summary>
    public ExplainedApp? App { get; init; }

    /// <summary>The cluster that answers; null = none.</summary>
    public ExplainedCluster? Cluster { get; init; }

    /// <summary>The file that answers; null = none.</summary>
    public StaticFinding? File { get; init; }

    /// <summary>The settings that bear on this answer.</summary>
    public IReadOnlyList<KeyValue> Settings { get; init; } = [];

    /// <summary>What else a person should know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Whether something answers: an app, a cluster, or the engine with a status below 400.</summary>
    public bool Answers => Status is null or < 400;
}
