namespace Skitaid.Control;

/// <summary>What a running instance says about one member of a cluster: one address.</summary>
/// <param name="Member">What it is called in logs and by <c>skitaid member</c>: <c>127.0.0.1:5001</c>, <c>name:5001/10.0.0.7</c>.</param>
/// <param name="State">
/// <c>up</c>, <c>slow start</c>, <c>suspect</c> (silent for a second), <c>down</c>, <c>trial</c> (down, and one request tries it),
/// <c>drained</c>, or <c>leaving</c> (no longer of the cluster, finishing what it has).
/// </param>
/// <param name="Weight">As the conf has it.</param>
/// <param name="EffectiveWeight">What it counts for now: less than <paramref name="Weight"/> in its slow start.</param>
/// <param name="InHand">Requests it has now.</param>
/// <param name="Requests">Requests it was given since the instance's process started.</param>
/// <param name="Failures">How many of them failed by its fault.</param>
/// <param name="LastFailure">What the last failure was; null = none yet.</param>
/// <param name="LastFailureAt">When, ISO 8601.</param>
/// <param name="DownUntil">When a request may try it again, ISO 8601; null = it is not down, or the next one does, or health checks decide.</param>
/// <param name="HealthCheckFails">Whether its health check fails.</param>
internal sealed record MemberFigures(
    string Member,
    string State,
    int Weight,
    double EffectiveWeight,
    int InHand,
    long Requests,
    long Failures,
    string? LastFailure,
    DateTimeOffset? LastFailureAt,
    DateTimeOffset? DownUntil,
    bool HealthCheckFails);
