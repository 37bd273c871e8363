namespace Skitai.Engine;

/// <summary>How one address of a cluster does at one moment.</summary>
/// <param name="Label">What it is called in logs and by <c>skitaid member</c>: <c>127.0.0.1:5001</c>, <c>name:5001/10.0.0.7</c>.</param>
/// <param name="Address">Where it is connected to: <c>10.0.0.7:5001</c>.</param>
/// <param name="State">
/// <c>up</c>, <c>slow start</c>, <c>suspect</c> (silent for a second), <c>down</c>, <c>trial</c> (down, and one request tries it),
/// <c>drained</c>, or <c>leaving</c> (no longer of the cluster, finishing what it has).
/// </param>
public sealed record MemberStatus(string Label, string Address, string State)
{
    /// <summary>As the conf has it.</summary>
    public int Weight { get; init; }

    /// <summary>What it counts for now: less than <see cref="Weight"/> in its slow start.</summary>
    public double EffectiveWeight { get; init; }

    /// <summary>Requests it has now.</summary>
    public int InHand { get; init; }

    /// <summary>Requests it was given since the start, health checks not among them.</summary>
    public long Requests { get; init; }

    /// <summary>How many of <see cref="Requests"/> failed by its fault.</summary>
    public long Failures { get; init; }

    /// <summary>Failures in a row, up to now.</summary>
    public int FailuresInRow { get; init; }

    /// <summary>What the last failure was, a health check's included; null = none yet.</summary>
    public string? LastFailure { get; init; }

    /// <summary>When <see cref="LastFailure"/> was.</summary>
    public DateTimeOffset? LastFailureAt { get; init; }

    /// <summary>Since when it is down; null = it is not.</summary>
    public DateTimeOffset? DownSince { get; init; }

    /// <summary>When a request may try it again; null = it is not down, or its health check decides.</summary>
    public DateTimeOffset? DownUntil { get; init; }

    /// <summary>Whether its health check fails; false when there is none.</summary>
    public bool HealthCheckFails { get; init; }

    /// <summary>Whether it was drained by hand.</summary>
    public bool Drained { get; init; }

    /// <summary>Whether it holds a request, and has answered nothing, for a second and more.</summary>
    public bool Suspect { get; init; }

    /// <summary>Connections to it that are open, idle ones included.</summary>
    public int Connections { get; init; }
}
