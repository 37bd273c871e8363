using Skitai.Engine.Proxy.Balancing;

namespace Skitai.Engine;

/// <content>What a person may want of the clusters.</content>
public sealed partial class Instance
{
    /// <summary>The members that are drained by hand; whoever starts a successor tells it (<see cref="InstanceEnvironment.DrainedMembers"/>).</summary>
    public IReadOnlyList<DrainedMember> DrainedMembers =>
        [.. _application.Routes.Clusters.SelectMany(cluster => cluster.Drained.Select(member => new DrainedMember(cluster.Name, member)))];

    /// <summary>Gives a member nothing new from here on, or requests again; what it has in hand ends in any case.</summary>
    /// <param name="member">Which.</param>
    /// <param name="drained">Which of the two.</param>
    /// <returns>Null when it is done; else why not, in one line.</returns>
    public string? OrderMember(DrainedMember member, bool drained)
    {
        ArgumentNullException.ThrowIfNull(member);
        return FindCluster(member.Cluster) is not { } cluster ? $"{member.Cluster} is not mounted"
            : cluster.Drain(member.Member, drained) ? null
            : $"{member.Cluster} has no member {member.Member}";
    }

    /// <summary>The clusters' status, in the order of the conf.</summary>
    private IReadOnlyList<ClusterStatus> GetClusterStatus() =>
        [.. _settings.Clusters.Select(settings => FindCluster(settings.Name)?.GetStatus()).OfType<ClusterStatus>()];

    private Cluster? FindCluster(string name) => _application.Routes.Clusters.FirstOrDefault(cluster => cluster.Name == name);
}
