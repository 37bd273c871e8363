using Skitai.Engine.Proxy.Balancing;
using Skitai.Engine.Proxy.Forwarding;

namespace Skitai.Engine.Routing;

/// <summary>All virtual hosts of an instance. Immutable: a changed conf makes a new table, which replaces the old one.</summary>
/// <param name="hosts">The virtual hosts in file order.</param>
internal sealed class RouteTable(IReadOnlyList<VirtualHost> hosts)
{
    /// <summary>The virtual hosts in file order.</summary>
    public IReadOnlyList<VirtualHost> Hosts { get; } = hosts;

    /// <summary>All mounts in file order.</summary>
    public IReadOnlyList<Mount> Mounts { get; } = [.. hosts.SelectMany(host => host.Mounts)];

    /// <summary>The clusters that are mounted, each once.</summary>
    public IReadOnlyList<Cluster> Clusters { get; } =
        [.. hosts.SelectMany(host => host.Mounts).OfType<ClusterMount>().Select(mount => mount.Cluster).Distinct()];

    private HostTable<VirtualHost> ByName { get; } = new(
        hosts.SelectMany(host => host.Names.Select(name => (name, host))), hosts.FirstOrDefault(host => host.Names.Count == 0));

    /// <summary>The virtual host that answers to a name; null = none does.</summary>
    /// <param name="name">Lower case, without port and trailing dot; may be empty.</param>
    public VirtualHost? Find(string name) => ByName.Find(name);

    /// <summary>How each mount does now, with the host that it belongs to.</summary>
    public IReadOnlyList<MountStatus> GetStatus() =>
        [.. Hosts.SelectMany(host => host.Mounts.Select(mount => mount.GetStatus() with { Host = string.Join(' ', host.Names) }))];
}
