using Skitai.Engine.Proxy.Balancing;

namespace Skitai.Engine.Tests.Proxy.Balancing;

/// <summary>Requests that wait until a member has room.</summary>
public class QueueTests
{
    private const string A = "127.0.0.1:1";
    private const string B = "127.0.0.1:2";

    [Fact]
    public async Task No_member_has_more_than_max_connections_in_hand_and_those_that_wait_are_served_in_turn()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A, B) with { MaxConnections = 2 });
        var served = Enumerable.Range(0, 4).Select(_ => test.Take()).ToList();
        var waiting = Enumerable.Range(0, 20).Select(_ => new Waiter(test)).ToList();
        Assert.Equal(20, test.Cluster.GetStatus().Waiting);
        for (var at = 0; at < 20; at++)
        {
            Assert.All(test.Cluster.GetMembers(), static member => Assert.Equal(2, member.InHand));
            served[at].Answered(200);
            served[at].End();
            Assert.NotNull(await waiting[at].Taken);
            Assert.All(waiting.Skip(at + 1), static other => Assert.False(other.Taken.IsCompleted));
            served.Add(waiting[at].Choice);
        }

        served.ForEach(static choice => choice.End());
        Assert.Equal(0, test.Cluster.GetStatus().Waiting);
        Assert.All(test.Cluster.GetMembers(), static member => Assert.Equal(0, member.InHand));
    }

    [Fact]
    public async Task The_queue_is_bounded()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A) with { MaxConnections = 1, MaxQueue = 2 });
        var served = test.Take();
        var waiting = new[] { new Waiter(test), new Waiter(test) };
        var refused = test.Take();
        Assert.Equal((null, NoMember.QueueFull), (refused.Member, refused.Refusal));
        served.End();
        Assert.NotNull(await waiting[0].Taken);
        var third = new Waiter(test);
        waiting[0].Choice.End();
        waiting[1].Choice.End();
        Assert.NotNull(await third.Taken);
        third.Choice.End();
    }

    [Fact]
    public async Task Without_a_queue_a_request_gets_a_free_member_or_none()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A) with { MaxConnections = 1, MaxQueue = 0 });
        var served = test.Take();
        Assert.Equal(NoMember.QueueFull, test.Take().Refusal);
        served.End();
        Assert.Equal(A, test.Ask());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task With_the_queue_full_a_sticky_client_gets_another_member_rather_than_none(int maxQueue)
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A, B) with { MaxConnections = 1, MaxQueue = maxQueue });
        var token = test.Member(A).Token;
        var served = test.Take(token: token);
        served.Answered(200);
        var waiting = Enumerable.Range(0, maxQueue).Select(_ => new Waiter(test, new MemberChoice { Token = token })).ToList();
        var other = test.Take(token: token);
        Assert.Equal(B, other.Member?.Label);
        other.End();
        served.End();
        foreach (var waiter in waiting)
        {
            await waiter.Taken;
            waiter.Choice.End();
        }
    }

    [Fact]
    public async Task Without_a_queue_a_suspect_member_with_room_is_better_than_none()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A, B) with { MaxConnections = 2, MaxQueue = 0 });
        var hung = test.Take(token: test.Member(A).Token);
        test.Pass(2);
        var busy = Enumerable.Range(0, 2).Select(_ => test.Take()).ToList();
        Assert.All(busy, static choice => Assert.Equal(B, choice.Member!.Label));
        busy.ForEach(static choice => choice.Answered(200));
        var next = test.Take();
        Assert.Equal(A, next.Member?.Label);
        next.End();
        hung.End();
        busy.ForEach(static choice => choice.End());
    }

    [Fact]
    public async Task Nobody_waits_longer_than_the_patience()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A) with { MaxConnections = 1 });
        var served = test.Take();
        served.Answered(200);
        var early = new Waiter(test);
        test.Pass(6);
        var late = new Waiter(test);
        test.Pass(3.9);
        Assert.False(early.Taken.IsCompleted);
        test.Pass(0.2);
        Assert.Null(await early.Taken);
        Assert.Equal(NoMember.WaitedTooLong, early.Choice.Refusal);
        Assert.False(late.Taken.IsCompleted);
        served.End();
        Assert.NotNull(await late.Taken);
        late.Choice.End();
        Assert.Equal(1, test.Cluster.GetStatus().Refused);
    }

    [Fact]
    public async Task A_client_that_goes_away_leaves_the_queue()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A) with { MaxConnections = 1 });
        var served = test.Take();
        using var gone = new CancellationTokenSource();
        var first = new Waiter(test, cancellation: gone.Token);
        var second = new Waiter(test);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.Taken);
        Assert.Equal(1, test.Cluster.GetStatus().Waiting);
        served.End();
        Assert.NotNull(await second.Taken);
        Assert.Null(first.Choice.Member);
        second.Choice.End();
        Assert.Equal(0, test.Member(A).InHand);
    }

    [Fact]
    public async Task A_retry_that_waits_for_one_member_holds_up_nobody_else()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A, B) with { MaxConnections = 1, MaxFails = 9 });
        var onA = test.Take(token: test.Member(A).Token);
        var onB = test.Take(token: test.Member(B).Token);
        onA.Failed(TestCluster.Fault());
        var retry = new Waiter(test, onA); // gives A back, and may only have B
        Assert.False(retry.Taken.IsCompleted);
        Assert.Equal(A, test.Ask());
        onB.End();
        Assert.Equal(B, (await retry.Taken)!.Label);
        onA.End();
    }

    [Fact]
    public async Task A_sticky_client_waits_a_second_for_its_member_and_then_takes_another()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A, B) with { MaxConnections = 1 });
        var token = test.Member(A).Token;
        var served = test.Take(token: token);
        served.Answered(200);
        var own = new Waiter(test, new MemberChoice { Token = token });
        Assert.False(own.Taken.IsCompleted);
        served.End();
        Assert.Equal(A, (await own.Taken)!.Label);
        own.Choice.Answered(200);
        var second = new Waiter(test, new MemberChoice { Token = token });
        test.Pass(0.9);
        Assert.False(second.Taken.IsCompleted);
        test.Pass(0.2);
        Assert.Equal(B, (await second.Taken)!.Label);
        own.Choice.End();
        second.Choice.End();
    }

    [Fact]
    public async Task When_only_a_silent_member_has_room_it_is_used_after_a_second()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A, B) with { MaxConnections = 2 });
        var hung = test.Take(token: test.Member(A).Token);
        test.Pass(2);
        var busy = Enumerable.Range(0, 2).Select(_ => test.Take()).ToList();
        Assert.All(busy, static choice => Assert.Equal(B, choice.Member!.Label));
        busy.ForEach(static choice => choice.Answered(200));
        var waiter = new Waiter(test);
        test.Pass(0.9);
        Assert.False(waiter.Taken.IsCompleted);
        test.Pass(0.2);
        Assert.Equal(A, (await waiter.Taken)!.Label);
        waiter.Choice.End();
        hung.End();
        busy.ForEach(static choice => choice.End());
    }

    [Fact]
    public async Task A_member_that_comes_back_serves_those_that_wait()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A, B) with { MaxConnections = 1 });
        test.Cluster.Drain(A, drained: true);
        var served = test.Take();
        var first = new Waiter(test);
        test.Cluster.Drain(A, drained: false);
        Assert.Equal(A, (await first.Taken)!.Label);

        first.Choice.Failed(TestCluster.Fault());
        first.Choice.End();
        served.Answered(200);
        var second = new Waiter(test);
        Assert.False(second.Taken.IsCompleted);
        test.Pass(1.1);
        Assert.Equal(A, (await second.Taken)!.Label);
        Assert.True(second.Choice.IsTrial);
        second.Choice.End();
        served.End();
    }

    [Fact]
    public async Task Those_that_wait_are_refused_when_the_last_member_is_drained_or_the_cluster_ends()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings(A) with { MaxConnections = 1 });
        var served = test.Take();
        var first = new Waiter(test);
        test.Cluster.Drain(A, drained: true);
        Assert.Null(await first.Taken);
        Assert.Equal(NoMember.Drained, first.Choice.Refusal);
        test.Cluster.Drain(A, drained: false);
        var second = new Waiter(test);
        await test.DisposeAsync();
        Assert.Null(await second.Taken);
        Assert.Equal(NoMember.Ended, second.Choice.Refusal);
        Assert.Equal(NoMember.Ended, test.Take().Refusal);
        Assert.Equal(0, test.Connections[A].Disposals);
        served.End();
        Assert.Equal(1, test.Connections[A].Disposals);
    }

    /// <summary>A request that may have to wait.</summary>
    private sealed class Waiter
    {
        public Waiter(TestCluster test, MemberChoice? choice = null, CancellationToken? cancellation = null)
        {
            Choice = choice ?? new MemberChoice { Replayable = true };
            Taken = test.Cluster.TakeAsync(Choice, cancellation ?? TestContext.Current.CancellationToken).AsTask();
        }

        public MemberChoice Choice { get; }

        public Task<Member?> Taken { get; }
    }
}
