using Skitai.Configuration.Settings;

namespace Skitai.Engine.Explaining;

/// <summary>What came of a request in a <see cref="RouteTrial"/>.</summary>
public sealed record TrialResult
{
    /// <summary>The virtual host that takes it; null = none does, or the request is refused before.</summary>
    public VirtualHostSettings? Host { get; init; }

    /// <summary>The pattern that the name has met; null = it is the default host's.</summary>
    public HostPattern? Pattern { get; init; }

    /// <summary>Patterns that the name meets as well, which <see cref="Pattern"/> wins over.</summary>
    public IReadOnlyList<HostPattern> OtherPatterns { get; init; } = [];

    /// <summary>The name asked for: lower case, without port.</summary>
    public string HostName { get; init; } = "";

    /// <summary>The path that routing goes by: decoded, without dot segments, one char for each byte.</summary>
    public string Path { get; init; } = "/";

    /// <summary>The query without its <c>?</c>.</summary>
    public string Query { get; init; } = "";

    /// <summary>The answer's status; null = an app or a member of a cluster says it.</summary>
    public int? Status { get; init; }

    /// <summary>The same for a client that speaks HTTP/2 on a TLS port.</summary>
    public int? StatusOverHttp2 { get; init; }

    /// <summary>Where the answer redirects to; null = nowhere.</summary>
    public string? Location { get; init; }

    /// <summary>The methods that a 405 names; null = none.</summary>
    public string? Allow { get; init; }

    /// <summary>The host's mounts in the order in which they are asked, those that are not asked as well.</summary>
    public IReadOnlyList<TrialStep> Mounts { get; init; } = [];
}
