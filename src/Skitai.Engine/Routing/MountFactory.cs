using Skitai.Configuration.Settings;
using Skitai.Engine.Apps;
using Skitai.Engine.Caching;
using Skitai.Engine.Logging;
using Skitai.Engine.Proxy.Balancing;
using Skitai.Engine.Proxy.Forwarding;
using Skitai.Engine.Proxy.Upstream;
using Skitai.Engine.Static;

namespace Skitai.Engine.Routing;

/// <summary>
/// Makes the mounts of an instance's routes. An app that is mounted several times gets one pool of workers. When a
/// changed conf is taken up, what it leaves as it was is used again: mounts, and pools with their workers.
/// </summary>
/// <param name="settings">The conf.</param>
/// <param name="environment">What the process was given.</param>
/// <param name="logs">The instance's logs.</param>
/// <param name="cache">The instance's cache.</param>
/// <param name="before">The mounts of the conf before; empty at the start.</param>
internal sealed class MountFactory(
    InstanceSettings settings, InstanceEnvironment environment, InstanceLogs logs, SharedCache cache, IReadOnlyList<Mount> before)
{
    private readonly Dictionary<AppTarget, AppPool> _pools = [];
    private readonly Dictionary<string, Cluster> _clusters = new(StringComparer.Ordinal);
    private readonly List<Mount> _reusable = [.. before];

    /// <summary>Makes the mounts of all lines; those that are new are not yet started.</summary>
    public RouteTable CreateAll() =>
        new([.. settings.Hosts.Select(host => new VirtualHost(host.Names, [.. host.Mounts.Select(Create)]))]);

    private Mount Create(MountSettings line)
    {
        switch (line.Target)
        {
            case StaticTarget target:
                var tune = settings.Tune;
                return Reuse<StaticMount>(mount => mount.Path == line.Path && mount.Serves(target.Directory, tune.StaticMaxAge, tune.ResponseTimeout))
                    ?? new StaticMount(line.Path, target.Directory, tune.StaticMaxAge, tune.ResponseTimeout, environment.Time, logs.Server);
            case AppTarget target:
                var pool = PoolOf(target);
                return Reuse<AppMount>(mount => mount.Path == line.Path && mount.Pool == pool) ?? new AppMount(line.Path, pool);
            case ClusterTarget target:
                var cluster = ClusterOf(target.Name);
                return Reuse<ClusterMount>(mount => mount.Serves(line.Path, cluster, settings.Tune))
                    ?? new ClusterMount(line.Path, cluster, settings.Tune, logs.Server, environment.Time, cache);
            default:
                throw new NotSupportedException($"nothing serves a {line.Target.GetType().Name}");
        }
    }

    private T? Reuse<T>(Predicate<T> isAsWanted)
        where T : Mount
    {
        var index = _reusable.FindIndex(mount => mount is T candidate && isAsWanted(candidate));
        if (index < 0)
        {
            return null;
        }

        var found = (T)_reusable[index];
        _reusable.RemoveAt(index);
        return found;
    }

    private AppPool PoolOf(AppTarget target)
    {
        if (!_pools.TryGetValue(target, out var pool))
        {
            var wanted = new AppPoolSettings
            {
                Target = target,
                Server = settings.Server,
                Tune = settings.Tune,
                Environment = settings.Environment,
                Python = settings.Server.Python ?? "python3",
                PythonPackage = environment.PythonPackage,
                InstanceName = settings.Name,
                Mounts = [.. PathsOf(target)],
            };
            pool = before.OfType<AppMount>().Select(mount => mount.Pool).FirstOrDefault(known => known.Settings.MeansTheSameAs(wanted))
                ?? new AppPool(wanted, logs.Server, logs.App, environment.Time);
            _pools.Add(target, pool);
        }

        return pool;
    }

    /// <summary>A cluster that was there before goes on with its members' health; the new settings are its own once the routes are in force.</summary>
    private Cluster ClusterOf(string name)
    {
        if (!_clusters.TryGetValue(name, out var cluster))
        {
            var wanted = settings.Clusters.First(one => one.Name == name);
            cluster = before.OfType<ClusterMount>().Select(mount => mount.Cluster).FirstOrDefault(known => known.Name == name)
                ?? new Cluster(wanted, settings.Tune.ResponseTimeout, Connect, logs.Server, environment.Time)
                {
                    // Those of a reload are new to whoever drains, too.
                    Drained = before.Count > 0 ? [] : [.. environment.DrainedMembers.Where(member => member.Cluster == name).Select(member => member.Member)],
                };
            _clusters.Add(name, cluster);
        }

        return cluster;

        MemberConnections Connect(ClusterSettings cluster, ClusterMember member, System.Net.IPEndPoint address) =>
            MemberConnections.Create(cluster, member, address, cluster.ResponseTimeout ?? settings.Tune.ResponseTimeout, environment.Time);
    }

    private IEnumerable<string> PathsOf(AppTarget target) =>
        settings.Hosts.SelectMany(host => host.Mounts).Where(mount => target.Equals(mount.Target)).Select(mount => mount.Path).Distinct(StringComparer.Ordinal);
}
