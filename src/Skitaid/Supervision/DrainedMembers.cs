using Skitai.Configuration.Settings;
using Skitaid.Control;

namespace Skitaid.Supervision;

/// <summary>
/// The members of an instance's clusters that were drained by hand. The supervisor keeps them, so that no process which
/// serves after another one gives them anything. Immutable.
/// </summary>
/// <param name="Names">As they were named.</param>
internal sealed record DrainedMembers(IReadOnlyList<MemberName> Names)
{
    /// <summary>None.</summary>
    public static readonly DrainedMembers None = new([]);

    /// <summary>These after an order.</summary>
    public DrainedMembers After(MemberOrder order) => order.Drained switch
    {
        true when !Names.Contains(order.Name) => new([.. Names, order.Name]),
        false => new([.. Names.Where(name => !IsMeant(order.Name, name))]),
        _ => this,
    };

    /// <summary>Those whose cluster a conf still has.</summary>
    public DrainedMembers Within(InstanceSettings settings) =>
        new([.. Names.Where(name => settings.Clusters.Any(cluster => cluster.Name == name.Cluster))]);

    /// <summary>Whether every member that a cluster's conf has is among them.</summary>
    public bool CoverAllOf(ClusterSettings cluster) =>
        cluster.Members.All(member => Names.Contains(new MemberName(cluster.Name, member.Authority)));

    /// <summary>What a process that knows some others has to be told, to know these.</summary>
    public IEnumerable<MemberOrder> OrdersFrom(DrainedMembers known) =>
    [
        .. known.Names.Except(Names).Select(name => new MemberOrder(name, Drained: false)),
        .. Names.Except(known.Names).Select(name => new MemberOrder(name, Drained: true)),
    ];

    /// <summary>A name's <c>host:port</c> means each of its addresses, too (<c>host:port/address</c>).</summary>
    private static bool IsMeant(MemberName asked, MemberName known) =>
        asked.Cluster == known.Cluster
        && (asked.Member == known.Member || known.Member.StartsWith(asked.Member + "/", StringComparison.Ordinal));
}
