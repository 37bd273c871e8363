using Skitaid.Control;

namespace Skitaid.Supervision;

/// <summary>The engine's status in the form that the supervisor passes on.</summary>
internal static class EngineFigures
{
    /// <summary>The figures.</summary>
    public static InstanceFigures From(Skitai.Engine.InstanceStatus status) => new(
        status.Requests,
        Math.Round(status.RequestsPerSecond, 1),
        (int)status.InFlight,
        status.Connections,
        [.. status.Mounts.SelectMany(mount => mount.Workers.Where(worker => worker.Pid is not null).Select(
            worker => new WorkerFigures(NameOf(mount), worker.Pid!.Value, worker.Requests, worker.InHand)))],
        FailedMounts(status));

    /// <summary>The mounts that cannot serve.</summary>
    public static IReadOnlyList<MountFailure> FailedMounts(Skitai.Engine.InstanceStatus status) =>
        [.. status.Mounts.Where(mount => mount.Problem is not null).Select(mount => new MountFailure(NameOf(mount), mount.Problem!))];

    private static string NameOf(Skitai.Engine.MountStatus mount) => mount.Host.Length == 0 ? mount.Path : $"{mount.Host} {mount.Path}";
}
