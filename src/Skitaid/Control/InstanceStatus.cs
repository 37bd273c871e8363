namespace Skitaid.Control;

/// <summary>One instance in <see cref="DaemonStatus"/>.</summary>
internal sealed record InstanceStatus
{
    /// <summary>The conf's name.</summary>
    public required string Name { get; init; }

    /// <summary><c>running</c>, <c>starting</c>, <c>waiting</c> (until the next try), <c>stopped</c> (by command), <c>draining</c> or <c>broken</c> (its conf).</summary>
    public required string State { get; init; }

    /// <summary>Its address as a URL: <c>http://127.0.0.1:5000</c>; null when it has none.</summary>
    public string? Address { get; init; }

    /// <summary>Its process; null when none runs.</summary>
    public int? Pid { get; init; }

    /// <summary>Seconds since that process started.</summary>
    public double? Uptime { get; init; }

    /// <summary>Processes that are draining, replaced by the one above.</summary>
    public IReadOnlyList<int> Draining { get; init; } = [];

    /// <summary>Its conf is another than the one that it has taken up.</summary>
    public bool ConfChanged { get; init; }

    /// <summary>The first error of that changed conf, which keeps it from being taken up; null = it could be.</summary>
    public string? ConfProblem { get; init; }

    /// <summary>Bytes of it and all processes below it (PSS).</summary>
    public long? Memory { get; init; }

    /// <summary>Times that it was started anew because it had died.</summary>
    public int Restarts { get; init; }

    /// <summary>The last thing that went wrong with it as a whole (what its mounts suffer from is in the figures); null = nothing has.</summary>
    public string? LastError { get; init; }

    /// <summary>When, ISO 8601.</summary>
    public DateTimeOffset? LastErrorAt { get; init; }

    /// <summary>How the last process of it that died did so; null = none has.</summary>
    public string? LastDeath { get; init; }

    /// <summary>When, ISO 8601.</summary>
    public DateTimeOffset? LastDeathAt { get; init; }

    /// <summary>What it says itself; null when it does not answer.</summary>
    public InstanceFigures? Figures { get; init; }
}
