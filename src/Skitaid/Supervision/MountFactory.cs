using Skitai.Configuration.Settings;
using Skitai.Engine;
using Skitai.Engine.Logging;
using Skitai.Engine.Routing;
using Skitai.Engine.Static;

namespace Skitaid.Supervision;

/// <summary>Makes the mounts of a conf's routes.</summary>
internal sealed class MountFactory(InstanceSettings settings, InstanceEnvironment environment)
{
    /// <summary>Makes the mount of one line.</summary>
    public Mount Create(MountSettings line, InstanceLogs logs) => line.Target switch
    {
        StaticTarget target => new StaticMount(
            line.Path, target.Directory, settings.Tune.StaticMaxAge, settings.Tune.ResponseTimeout, environment.Time, logs.Server),
        _ => throw new NotSupportedException($"{Path.GetFileName(settings.ConfPath)}:{line.Line}: nothing serves a {line.Target.GetType().Name}"),
    };
}
