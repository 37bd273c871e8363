namespace Skitaid.Control;

/// <summary>What a running instance says about itself.</summary>
/// <param name="Requests">Requests answered since it started.</param>
/// <param name="RequestsPerSecond">Over the last ten to twenty seconds.</param>
/// <param name="InHand">Requests being answered at this moment.</param>
/// <param name="Connections">Client connections open.</param>
/// <param name="LogLinesLost">Lines of its logs that the disk has not taken.</param>
/// <param name="Mounts">Its mounts, host by host in file order.</param>
/// <param name="Workers">Its places for app workers; one that serves several mounts is named for each.</param>
/// <param name="FailedMounts">The mounts that answer 503.</param>
/// <param name="Certificates">What it serves https with.</param>
internal sealed record InstanceFigures(
    long Requests,
    double RequestsPerSecond,
    int InHand,
    int Connections,
    long LogLinesLost,
    IReadOnlyList<MountFigures> Mounts,
    IReadOnlyList<WorkerFigures> Workers,
    IReadOnlyList<MountFailure> FailedMounts,
    IReadOnlyList<CertificateFigures> Certificates)
{
    /// <summary>Its clusters, in the order of the conf.</summary>
    public IReadOnlyList<ClusterFigures> Clusters { get; init; } = [];

    /// <summary>The cache of its clusters; null = it has none.</summary>
    public CacheFigures? Cache { get; init; }
}
