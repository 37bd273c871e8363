using Skitai.Engine.Proxy.Balancing;

namespace Skitai.Engine;

/// <content>What a person may want of the clusters and their cache.</content>
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

    /// <summary>Lets go of cached answers: of one URL, of all that begin so, or of all there are.</summary>
    /// <param name="url"><c>http://host/path?query</c> as clients ask for it; null = everything.</param>
    /// <param name="isPrefix">Whether <paramref name="url"/> is only how they begin.</param>
    /// <returns>How many objects have gone; null = that is no URL.</returns>
    /// <exception cref="IOException">They have, but only for as long as this process runs: the disk does not take it.</exception>
    public async Task<long?> PurgeAsync(string? url, bool isPrefix)
    {
        var count = url is null ? await _cache.PurgeAllAsync()
            : isPrefix ? await _cache.PurgePrefixAsync(url)
            : await _cache.PurgeAsync(url);
        if (count >= 0 && _cache.PurgeTrouble is { } why)
        {
            throw new IOException($"what is on disk cannot be deleted, a restart could bring it back: {why}");
        }

        return count < 0 ? null : count;
    }

    /// <summary>The clusters' status, in the order of the conf. One that nothing mounts has no members: nobody speaks to them.</summary>
    private IReadOnlyList<ClusterStatus> GetClusterStatus() =>
        [.. _settings.Clusters.Select(settings => FindCluster(settings.Name)?.GetStatus() ?? new ClusterStatus(settings.Name) { IsMounted = false })];

    private Cluster? FindCluster(string name) => _application.Routes.Clusters.FirstOrDefault(cluster => cluster.Name == name);
}
