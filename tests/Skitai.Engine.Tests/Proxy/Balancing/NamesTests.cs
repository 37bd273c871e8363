using System.Net;
using Skitai.Configuration.Settings;
using Skitai.Engine.Proxy.Balancing;

namespace Skitai.Engine.Tests.Proxy.Balancing;

/// <summary>Names with one address or several, which change.</summary>
public class NamesTests
{
    private static ClusterSettings App => TestCluster.Settings("app:80 2", "127.0.0.1:1");

    [Fact]
    public async Task Each_address_of_a_name_is_a_member_with_the_names_weight()
    {
        await using var test = await TestCluster.StartAsync(App, static test => test.Names["app"] = ["10.0.0.2", "10.0.0.1", "::2"]);
        Assert.Equal(
            ["app:80/10.0.0.1", "app:80/10.0.0.2", "app:80/::2", "127.0.0.1:1"],
            test.Cluster.GetStatus().Members.Select(static member => member.Label));
        Assert.Equal(["10.0.0.1:80", "10.0.0.2:80", "[::2]:80", "127.0.0.1:1"], test.Cluster.GetStatus().Members.Select(static member => member.Address));
        Assert.Equal([2, 2, 2, 1], test.Cluster.GetStatus().Members.Select(static member => member.Weight));
        Assert.Equal(4, test.Cluster.GetMembers().DistinctBy(static member => member.Token).Count());
        Assert.All(test.Cluster.GetStatus().Members, static member => Assert.Equal("up", member.State));
    }

    [Fact]
    public async Task Addresses_come_and_go_every_half_minute_and_those_that_stay_keep_their_state()
    {
        await using var test = await TestCluster.StartAsync(
            App with { SlowStart = TimeSpan.FromSeconds(10), FailTimeout = TimeSpan.FromSeconds(60) },
            static test => test.Names["app"] = ["10.0.0.1", "10.0.0.2"]);
        test.TakeDown("app:80/10.0.0.1");
        var leaving = test.Take(token: test.Member("app:80/10.0.0.2").Token);
        test.Names["app"] = ["10.0.0.3", "10.0.0.1"];
        test.Pass(29.9);
        Assert.Equal(1, test.Resolutions);
        test.Pass(0.2);
        Assert.Equal(2, test.Resolutions);
        Assert.Equal(
            [("app:80/10.0.0.1", "down"), ("app:80/10.0.0.3", "slow start"), ("127.0.0.1:1", "up"), ("app:80/10.0.0.2", "leaving")],
            test.Cluster.GetStatus().Members.Select(static member => (member.Label, member.State)));
        Assert.Equal(1, test.Status("app:80/10.0.0.1").Failures);
        Assert.Equal(0.2, test.Status("app:80/10.0.0.3").EffectiveWeight, 2);
        test.Pass(10);
        Assert.DoesNotContain("app:80/10.0.0.2", test.Count(200).Keys);

        Assert.Equal(0, test.Connections["10.0.0.2:80"].Disposals);
        leaving.Answered(200);
        leaving.End();
        Assert.Equal(1, test.Connections["10.0.0.2:80"].Disposals);
        Assert.Equal(3, test.Cluster.GetStatus().Members.Count);
        Assert.Contains("Information: cluster @test: member app:80/10.0.0.3 joins", test.Log);
        Assert.Contains("Information: cluster @test: member app:80/10.0.0.2 leaves with 1 requests in hand", test.Log);
    }

    [Fact]
    public async Task A_resolver_that_fails_changes_nothing()
    {
        await using var test = await TestCluster.StartAsync(App, static test => test.Names["app"] = ["10.0.0.1"]);
        test.Names.Clear();
        test.Pass(31);
        test.Pass(31);
        Assert.Equal(3, test.Resolutions);
        Assert.Equal(2, test.Cluster.GetStatus().Members.Count);
        Assert.StartsWith("app: ", Assert.Single(test.Cluster.GetStatus().Unresolved), StringComparison.Ordinal);
        test.Names["app"] = [];
        test.Pass(31);
        Assert.Equal(2, test.Cluster.GetStatus().Members.Count);
        test.Names["app"] = ["10.0.0.1"];
        test.Pass(31);
        Assert.Empty(test.Cluster.GetStatus().Unresolved);
        Assert.Equal(2, test.Log.Count);
        Assert.StartsWith("Warning: cluster @test: cannot resolve app, its last addresses stay: ", test.Log[0], StringComparison.Ordinal);
        Assert.Equal("Information: cluster @test: app can be resolved again", test.Log[1]);
    }

    [Fact]
    public async Task A_name_that_cannot_be_resolved_at_the_start_is_asked_for_again_soon()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings("app:80"));
        Assert.Equal(NoMember.Unresolved, test.Take().Refusal);
        test.Names["app"] = ["10.0.0.1"];
        test.Pass(5.1);
        Assert.Equal("app:80/10.0.0.1", test.Ask());
        test.Pass(29);
        Assert.Equal(2, test.Resolutions);
    }

    [Fact]
    public async Task A_start_takes_no_longer_than_connect_timeout_and_a_hanging_question_is_not_asked_twice()
    {
        var answer = new TaskCompletionSource<IPAddress[]>();
        var starting = TestCluster.Settings("app:80", "127.0.0.1:1") with { ConnectTimeout = TimeSpan.FromSeconds(2) };
        TestCluster? test = null;
        var started = TestCluster.StartAsync(starting, prepared =>
        {
            test = prepared;
            prepared.Resolver = _ => answer.Task;
        });
        test!.Pass(1.9);
        Assert.False(started.IsCompleted);
        test.Pass(0.2);
        await started;
        Assert.Equal("127.0.0.1:1", test.Ask());
        Assert.Equal(["app: no answer within 2 s"], test.Cluster.GetStatus().Unresolved);
        answer.SetResult([IPAddress.Parse("10.0.0.1")]);
        test.Pass(5.1);
        await Eventually.BecomesAsync(() => test.Cluster.GetMembers().Count == 2);
        Assert.Equal(1, test.Resolutions);
        await test.DisposeAsync();
    }

    [Fact]
    public async Task When_all_addresses_of_a_name_are_down_it_is_resolved_soon()
    {
        await using var test = await TestCluster.StartAsync(App, static test => test.Names["app"] = ["10.0.0.1", "10.0.0.2"]);
        test.TakeDown("app:80/10.0.0.1");
        test.Pass(2);
        Assert.Equal(1, test.Resolutions);
        test.TakeDown("app:80/10.0.0.2");
        test.Names["app"] = ["10.0.0.3"];
        test.Pass(1.1);
        Assert.Equal(2, test.Resolutions);
        Assert.Contains("app:80/10.0.0.3", test.Count(100).Keys);
        test.Pass(29);
        Assert.Equal(2, test.Resolutions);
    }

    [Fact]
    public async Task Two_names_with_the_same_address_are_two_members()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings("localhost:80", "127.0.0.1:80"), static test =>
            test.Names["localhost"] = ["127.0.0.1", "127.0.0.1"]);
        Assert.Equal(["localhost:80/127.0.0.1", "127.0.0.1:80"], test.Cluster.GetMembers().Select(static member => member.Label));
    }

    [Fact]
    public async Task A_reload_keeps_the_state_of_members_that_stay_and_resolves_new_names_first()
    {
        await using var test = await TestCluster.StartAsync(
            TestCluster.Settings("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3") with { FailTimeout = TimeSpan.FromSeconds(60) },
            drained: ["127.0.0.1:2"]);
        test.TakeDown("127.0.0.1:1");
        var held = test.Take();
        test.Names["app"] = ["10.0.0.1"];
        var changed = TestCluster.Settings("127.0.0.1:1 5", "127.0.0.1:2", "app:80") with { MaxConnections = 7, SlowStart = TimeSpan.FromSeconds(10) };
        await test.Cluster.ApplyAsync(changed, TestCluster.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(
            [("127.0.0.1:1", "down", 5), ("127.0.0.1:2", "drained", 1), ("app:80/10.0.0.1", "slow start", 1), ("127.0.0.1:3", "leaving", 1)],
            test.Cluster.GetStatus().Members.Select(static member => (member.Label, member.State, member.Weight)));
        Assert.Same(changed, test.Cluster.Settings);
        Assert.Equal(0, test.Connections["127.0.0.1:1"].Disposals);
        held.End();
        Assert.Equal(1, test.Connections["127.0.0.1:3"].Disposals);
    }

    [Fact]
    public async Task Whoever_chose_a_member_in_the_moment_it_left_does_not_get_it()
    {
        await using var test = await TestCluster.StartAsync("127.0.0.1:1", "127.0.0.1:2");
        var chosen = test.Member("127.0.0.1:2");
        await test.Cluster.ApplyAsync(TestCluster.Settings("127.0.0.1:1"), TestCluster.Patience, TestContext.Current.CancellationToken);
        Assert.False(chosen.TryGive(0));
        Assert.False(chosen.TryGive(5));
        Assert.Equal((0, 1), (chosen.InHand, test.Connections["127.0.0.1:2"].Disposals));
    }

    [Fact]
    public async Task A_reload_that_changes_how_members_are_spoken_to_connects_anew()
    {
        await using var test = await TestCluster.StartAsync(
            TestCluster.Settings("127.0.0.1:1", "127.0.0.1:2") with { Ssl = true }, drained: ["127.0.0.1:2"]);
        test.TakeDown("127.0.0.1:1");
        var old = test.Connections["127.0.0.1:1"];
        var held = test.Take(); // last resort
        await test.Cluster.ApplyAsync(
            test.Cluster.Settings with { CaFile = "/etc/ca.pem" }, TestCluster.Patience, TestContext.Current.CancellationToken);
        Assert.NotSame(old, test.Connections["127.0.0.1:1"]);
        Assert.Equal(
            [("127.0.0.1:1", "up"), ("127.0.0.1:2", "drained"), ("127.0.0.1:1", "leaving")],
            test.Cluster.GetStatus().Members.Select(static member => (member.Label, member.State)));
        Assert.Equal(0, old.Disposals);
        held.End();
        Assert.Equal(1, old.Disposals);
    }

    [Fact]
    public async Task A_reload_with_more_room_serves_those_that_wait()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings("127.0.0.1:1") with { MaxConnections = 1 });
        var held = test.Take();
        var choice = new MemberChoice();
        var waiting = test.Cluster.TakeAsync(choice, TestContext.Current.CancellationToken).AsTask();
        Assert.False(waiting.IsCompleted);
        await test.Cluster.ApplyAsync(
            test.Cluster.Settings with { MaxConnections = 2 }, TestCluster.Patience, TestContext.Current.CancellationToken);
        Assert.NotNull(await waiting);
        held.End();
        choice.End();
    }
}
