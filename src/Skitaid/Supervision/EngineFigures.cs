using Skitai.Engine;
using Skitai.Engine.Apps;
using Skitaid.Control;

namespace Skitaid.Supervision;

/// <summary>The engine's status in the form that the supervisor passes on.</summary>
internal static class EngineFigures
{
    /// <summary>The figures.</summary>
    /// <param name="status">What the engine says.</param>
    /// <param name="now">The time.</param>
    public static InstanceFigures From(Skitai.Engine.InstanceStatus status, DateTimeOffset now) => new(
        status.Requests,
        Math.Round(status.RequestsPerSecond, 1),
        (int)status.InFlight,
        status.Connections,
        status.LogLinesLost,
        [.. status.Mounts.Select(mount => new MountFigures(
            NameOf(mount), mount.Kind, mount.Target, mount.Problem is null ? "serving" : "failed", Advised(mount.Problem), mount.Waiting))],
        [.. status.Mounts.SelectMany(mount => mount.Workers.Select(worker => From(NameOf(mount), worker, now)))],
        FailedMounts(status),
        [.. status.Certificates.Select(certificate => new CertificateFigures(
            certificate.Host, certificate.Subject, certificate.File, certificate.NotAfter, (int)Math.Floor((certificate.NotAfter - now).TotalDays)))])
    {
        Clusters = [.. status.Clusters.Select(cluster => From(cluster, now))],
        Cache = status.Clusters.Any(cluster => cluster.IsMounted) && status.Cache.MemoryLimit + status.Cache.DiskLimit > 0 ? From(status.Cache) : null,
    };

    /// <summary>Requests that a member has in hand, all addresses of a name taken together.</summary>
    /// <param name="status">What the engine says.</param>
    /// <param name="name">The member.</param>
    public static long InHand(Skitai.Engine.InstanceStatus status, MemberName name) =>
        status.Clusters.Where(cluster => cluster.Name == name.Cluster).SelectMany(cluster => cluster.Members)
            .Where(member => IsMeant(member, name.Member)).Sum(member => member.InHand);

    /// <summary>The mounts that cannot serve.</summary>
    public static IReadOnlyList<MountFailure> FailedMounts(Skitai.Engine.InstanceStatus status) =>
        [.. status.Mounts.Where(mount => mount.Problem is not null).Select(mount => new MountFailure(NameOf(mount), Advised(mount.Problem)!))];

    private static CacheFigures From(CacheStatus cache) => new(
        cache.MemoryBytes,
        cache.MemoryLimit,
        cache.MemoryObjects,
        cache.DiskBytes,
        cache.DiskLimit,
        cache.DiskObjects,
        cache.Hits,
        cache.Misses,
        cache.Stale,
        cache.Collapsed,
        cache.Trouble);

    private static bool IsMeant(MemberStatus member, string name) =>
        member.Address == name || (member.Label.StartsWith(name, StringComparison.OrdinalIgnoreCase) && (member.Label.Length == name.Length || member.Label[name.Length] == '/'));

    private static ClusterFigures From(ClusterStatus cluster, DateTimeOffset now) => new(
        cluster.Name,
        cluster.Waiting,
        cluster.Refused,
        cluster.Unresolved,
        [.. cluster.Members.Select(member => new MemberFigures(
            member.Label,
            member.State,
            member.Weight,
            Math.Round(member.EffectiveWeight, 2),
            member.InHand,
            member.Requests,
            member.Failures,
            member.LastFailure,
            member.LastFailureAt,
            member.DownUntil > now ? member.DownUntil : null,
            member.HealthCheckFails))])
    {
        Mounted = cluster.IsMounted,
    };

    private static WorkerFigures From(string mount, AppWorkerStatus worker, DateTimeOffset now) => new(
        mount,
        worker.Pid ?? 0,
        worker.State,
        worker.Requests,
        worker.InHand,
        worker.Pid is null || worker.StartedAt is not { } at ? null : Math.Round((now - at).TotalSeconds, 1),
        worker.ProportionalBytes,
        worker.Restarts,
        worker.LastError,
        [.. worker.SlowRequests.Select(slow => new SlowRequestFigures(slow.Description, Math.Round(slow.Age.TotalSeconds, 1)))]);

    /// <summary>A module that was mounted without its package cannot import relatively, and Python does not say what to do.</summary>
    private static string? Advised(string? problem) =>
        problem?.Contains("attempted relative import with no known parent package", StringComparison.Ordinal) == true
            ? problem + "; mount it with its package: dir/package.module:app"
            : problem;

    private static string NameOf(Skitai.Engine.MountStatus mount) => mount.Host.Length == 0 ? mount.Path : $"{mount.Host} {mount.Path}";
}
