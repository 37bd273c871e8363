namespace Skitaid.Control;

/// <summary>What a running instance says about itself.</summary>
/// <param name="Requests">Requests answered since it started.</param>
/// <param name="RequestsPerSecond">Over the last ten to twenty seconds.</param>
/// <param name="InHand">Requests being answered at this moment.</param>
/// <param name="Connections">Client connections open.</param>
/// <param name="Workers">Its app workers.</param>
/// <param name="FailedMounts">The mounts that answer 503.</param>
internal sealed record InstanceFigures(
    long Requests,
    double RequestsPerSecond,
    int InHand,
    int Connections,
    IReadOnlyList<WorkerFigures> Workers,
    IReadOnlyList<MountFailure> FailedMounts);
