using Skitai.Configuration.Settings;
using Skitaid.Control;
using Skitaid.Supervision;

namespace Skitaid.Tests.Supervision;

public sealed class DrainedMembersTests
{
    private static readonly MemberName s_first = new("@a", "one:1");
    private static readonly MemberName s_second = new("@a", "two:2");

    [Fact]
    public void What_is_drained_stays_so_until_it_is_up()
    {
        var drained = DrainedMembers.None.After(new(s_first, true)).After(new(s_second, true)).After(new(s_first, true));
        Assert.Equal([s_first, s_second], drained.Names);
        Assert.Equal([s_first, s_second], drained.After(new(s_first, null)).Names);
        Assert.Equal([s_second], drained.After(new(s_first, false)).Names);
    }

    [Fact]
    public void A_name_that_is_up_takes_its_addresses_with_it_but_not_those_of_others()
    {
        MemberName[] others = [new("@a", "one:1/10.0.0.8"), new("@a", "one:11"), new("@b", "one:1")];
        var drained = new DrainedMembers(others);
        Assert.Equal(others[1..], drained.After(new(s_first, false)).Names);
    }

    [Fact]
    public void A_cluster_that_the_conf_has_no_more_is_forgotten()
    {
        var drained = new DrainedMembers([s_first, new("@b", "one:1")]);
        Assert.Equal([s_first], drained.Within(Conf(Cluster("@a"))).Names);
        Assert.Empty(drained.Within(Conf()).Names);
    }

    [Fact]
    public void A_process_is_told_what_differs_from_what_it_knows()
    {
        var known = new DrainedMembers([s_first]);
        Assert.Equal([new MemberOrder(s_first, false), new MemberOrder(s_second, true)], new DrainedMembers([s_second]).OrdersFrom(known));
        Assert.Empty(known.OrdersFrom(new DrainedMembers([s_first])));
    }

    [Fact]
    public void It_is_known_when_nobody_is_left()
    {
        var cluster = Cluster("@a", new ClusterMember("one", 1), new ClusterMember("two", 2));
        Assert.False(new DrainedMembers([s_first]).CoverAllOf(cluster));
        Assert.True(new DrainedMembers([s_second, s_first]).CoverAllOf(cluster));
    }

    private static ClusterSettings Cluster(string name, params ClusterMember[] members) => new() { Name = name, Members = members };

    private static Skitai.Configuration.Settings.InstanceSettings Conf(params ClusterSettings[] clusters) => new() { Name = "x", ConfPath = "/x.conf", Clusters = clusters };
}
