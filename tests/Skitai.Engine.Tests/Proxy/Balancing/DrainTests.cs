using Skitai.Engine.Proxy.Balancing;

namespace Skitai.Engine.Tests.Proxy.Balancing;

/// <summary>Members that are drained by hand.</summary>
public class DrainTests
{
    private const string A = "127.0.0.1:1";
    private const string B = "127.0.0.1:2";

    [Fact]
    public async Task A_drained_member_keeps_what_it_has_and_gets_nothing_new()
    {
        await using var test = await TestCluster.StartAsync(A, B);
        var choice = test.Take(token: test.Member(A).Token);
        Assert.True(test.Cluster.Drain(A, drained: true));
        Assert.Equal(("drained", true, 1), (test.Status(A).State, test.Status(A).Drained, test.Status(A).InHand));
        Assert.Equal([B], test.Count(100).Keys);
        choice.Answered(200);
        choice.End();
        Assert.Equal([A], test.Cluster.Drained);
        Assert.True(test.Cluster.Drain(A, drained: true));
        Assert.Single(test.Log, static line => line.Contains("is drained", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_drained_member_is_no_last_resort()
    {
        await using var test = await TestCluster.StartAsync(A, B);
        test.Cluster.Drain(A, drained: true);
        test.TakeDown(B);
        Assert.Equal(B, test.Fail());
        test.Cluster.Drain(B, drained: true);
        var choice = test.Take();
        Assert.Null(choice.Member);
        Assert.Equal(NoMember.Drained, choice.Refusal);
    }

    [Fact]
    public async Task A_member_taken_up_again_gets_its_share_little_by_little_and_at_once_if_it_was_down()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A, B) with { SlowStart = TimeSpan.FromSeconds(10) });
        test.Cluster.Drain(A, drained: true);
        test.Cluster.Drain(A, drained: false);
        Assert.Equal("slow start", test.Status(A).State);
        Assert.Equal(0.1, test.Status(A).EffectiveWeight, 6);
        Assert.Empty(test.Cluster.Drained);
        test.TakeDown(A);
        Assert.True(test.Cluster.Drain(A, drained: false));
        Assert.Equal(A, test.Ask());
    }

    [Fact]
    public async Task Members_can_be_drained_from_the_start_and_one_that_is_unknown_cannot_be_drained()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A, B), drained: [B, "gone:1"]);
        Assert.Equal([A], test.Count(50).Keys);
        Assert.False(test.Cluster.Drain("gone:1", drained: true));
        Assert.Equal([B, "gone:1"], test.Cluster.Drained);
    }

    [Fact]
    public async Task A_name_means_all_its_addresses_and_one_of_them_can_be_taken_up_alone()
    {
        await using var test = await TestCluster.StartAsync(
            TestCluster.Settings("app:80"), static test => test.Names["app"] = ["10.0.0.1", "10.0.0.2"]);
        Assert.True(test.Cluster.Drain("app:80", drained: true));
        Assert.Equal(["nobody"], test.Count(5).Keys);
        Assert.True(test.Cluster.Drain("10.0.0.2:80", drained: false));
        Assert.Equal(["app:80/10.0.0.1"], test.Cluster.Drained);
        Assert.Equal(["app:80/10.0.0.2"], test.Count(5).Keys);
        Assert.True(test.Cluster.Drain("APP:80/10.0.0.1", drained: false));
        Assert.Equal(2, test.Count(100).Count);
        Assert.Empty(test.Cluster.Drained);
    }
}
