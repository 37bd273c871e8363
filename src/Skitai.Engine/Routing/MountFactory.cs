using Skitai.Configuration.Settings;
using Skitai.Engine.Apps;
using Skitai.Engine.Logging;
using Skitai.Engine.Static;

namespace Skitai.Engine.Routing;

/// <summary>Makes the mounts of an instance's routes. An app that is mounted several times gets one pool of workers.</summary>
internal sealed class MountFactory(InstanceSettings settings, InstanceEnvironment environment, InstanceLogs logs)
{
    private readonly Dictionary<AppTarget, AppPool> _pools = [];

    /// <summary>Makes the mount of one line, not yet started.</summary>
    public Mount Create(MountSettings line) => line.Target switch
    {
        StaticTarget target => new StaticMount(
            line.Path, target.Directory, settings.Tune.StaticMaxAge, settings.Tune.ResponseTimeout, environment.Time, logs.Server),
        AppTarget target => new AppMount(line.Path, PoolOf(target)),
        _ => throw new NotSupportedException($"nothing serves a {line.Target.GetType().Name}"),
    };

    private AppPool PoolOf(AppTarget target)
    {
        if (!_pools.TryGetValue(target, out var pool))
        {
            pool = new AppPool(
                new AppPoolSettings
                {
                    Target = target,
                    Server = settings.Server,
                    Tune = settings.Tune,
                    Environment = settings.Environment,
                    Python = settings.Server.Python ?? environment.DefaultPython,
                    PythonPackage = environment.PythonPackage,
                    InstanceName = settings.Name,
                    Mounts = [.. PathsOf(target)],
                },
                logs.Server,
                logs.App,
                environment.Time);
            _pools.Add(target, pool);
        }

        return pool;
    }

    private IEnumerable<string> PathsOf(AppTarget target) =>
        settings.Hosts.SelectMany(host => host.Mounts).Where(mount => target.Equals(mount.Target)).Select(mount => mount.Path).Distinct(StringComparer.Ordinal);
}
