using Skitai.Configuration.Settings;

namespace Skitai.Engine.Routing;

/// <summary>A virtual host: the names it answers to and its mounts.</summary>
/// <param name="names">Its patterns; empty for the default host.</param>
/// <param name="mounts">Its mounts in file order.</param>
public sealed class VirtualHost(IReadOnlyList<HostPattern> names, IReadOnlyList<Mount> mounts)
{
    /// <summary>Its patterns; empty for the default host.</summary>
    public IReadOnlyList<HostPattern> Names { get; } = names;

    /// <summary>Its mounts in file order.</summary>
    public IReadOnlyList<Mount> Mounts { get; } = mounts;

    /// <summary>Its mounts in the order in which they are asked.</summary>
    internal MountTable Table { get; } = new(mounts);
}
