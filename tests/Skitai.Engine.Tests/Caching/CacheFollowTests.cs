using Skitai.Engine.Proxy.Upstream;
using Skitai.Engine.Tests.Hosting;

namespace Skitai.Engine.Tests.Caching;

/// <summary>Those who wait for what another one's request brings, when that is slow or fails.</summary>
public sealed class CacheFollowTests
{
    [Fact]
    public async Task When_the_first_is_slow_one_of_those_who_wait_asks_too_and_all_get_what_comes()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Conf = site.Origin.Conf with { ResponseTimeout = TimeSpan.FromSeconds(60) };
        var answers = Enumerable.Range(0, 3).Select(_ => new TaskCompletionSource<MemberAnswer>(TaskCreationOptions.RunContinuationsAsynchronously)).ToArray();
        var turn = -1;
        site.Origin.Script = (_, _) => answers[Interlocked.Increment(ref turn)].Task;
        var clients = Enumerable.Range(0, 20).Select(_ => site.SendAsync()).ToArray();
        await TestInstances.UntilAsync(() => site.InHand == 20, "all requests");
        for (var fetches = 1; fetches < 3; fetches++)
        {
            await PassTimeUntilAsync(site, fetches + 1);
            Assert.Equal(fetches + 1, site.Origin.Asked.Count);
        }

        answers[2].SetResult(ScriptedAnswer.Whole("Cache-Control: max-age=60", "third"));
        await TestInstances.UntilAsync(() => site.InHand == 2, "all but the two that asked before");
        answers[0].SetResult(ScriptedAnswer.Whole("Cache-Control: max-age=60", "first"));
        answers[1].SetResult(ScriptedAnswer.Whole("Cache-Control: max-age=60", "second"));
        var bodies = (await Task.WhenAll(clients)).Select(reply => reply.Body).ToList();
        Assert.Equal((1, 1, 18), (bodies.Count(body => body == "first"), bodies.Count(body => body == "second"), bodies.Count(body => body == "third")));
        Assert.Equal(3, site.Origin.Asked.Count);
        Assert.True((await site.SendAsync()).IsHit);
    }

    [Fact]
    public async Task Nobody_waits_for_longer_than_response_timeout_and_there_is_no_crowd_after_that()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Script = async (_, cancellation) =>
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            return null!;
        };
        var clients = Enumerable.Range(0, 20).Select(_ => site.SendAsync()).ToArray();
        await TestInstances.UntilAsync(() => site.InHand == 20, "all requests");
        for (var until = Environment.TickCount64 + 15_000; site.InHand > site.Origin.Asked.Count;)
        {
            Assert.True(Environment.TickCount64 < until, "they wait");
            site.Wait(0.1);
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        Assert.InRange(site.Origin.Asked.Count, 2, 3);
        await TestInstances.UntilAsync(() => clients.Count(client => client.IsCompleted) == 20 - site.Origin.Asked.Count, "all but those that asked");
        foreach (var client in clients.Where(client => client.IsCompleted))
        {
            Assert.Equal(504, (await client).Status);
        }

        site.Client.CancelPendingRequests();
        await Task.WhenAll(clients).ContinueWith(_ => { }, TestContext.Current.CancellationToken, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    [Fact]
    public async Task When_the_first_ones_answer_breaks_off_one_of_the_others_asks_for_all()
    {
        await using var site = await CacheSite.StartAsync();
        var first = new TaskCompletionSource<MemberAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        var turn = 0;
        site.Origin.Script = (_, _) => Interlocked.Increment(ref turn) == 1 ? first.Task : Task.FromResult<MemberAnswer>(ScriptedAnswer.Whole("Cache-Control: max-age=60", "good"));
        var clients = Enumerable.Range(0, 20).Select(_ => site.SendAsync()).ToArray();
        await TestInstances.UntilAsync(() => site.InHand == 20, "all requests");
        first.SetException(new MemberException(MemberFault.BrokenOff, neverLeft: false, "it broke off"));
        var replies = await Task.WhenAll(clients);
        Assert.Equal(1, replies.Count(reply => reply.Status == 502));
        Assert.Equal(19, replies.Count(reply => reply.Body == "good"));
        Assert.Equal(2, site.Origin.Asked.Count);
    }

    [Fact]
    public async Task When_it_breaks_off_again_and_again_the_others_share_the_failure()
    {
        await using var site = await CacheSite.StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Origin.Script = async (_, _) =>
        {
            await gate.Task;
            throw new MemberException(MemberFault.BrokenOff, neverLeft: false, "it broke off");
        };
        var clients = Enumerable.Range(0, 20).Select(_ => site.SendAsync()).ToArray();
        await TestInstances.UntilAsync(() => site.InHand == 20, "all requests");
        gate.SetResult();
        Assert.All(await Task.WhenAll(clients), reply => Assert.Equal(502, reply.Status));
        Assert.InRange(site.Origin.Asked.Count, 3, 6);
    }

    [Fact]
    public async Task An_answer_for_somebody_authorised_sends_one_of_the_others_not_all()
    {
        await using var site = await CacheSite.StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Origin.Script = async (request, _) =>
        {
            await gate.Task;
            return ScriptedAnswer.Whole("Cache-Control: max-age=60", request.Headers.Find("Authorization") ?? "for all");
        };
        var mine = site.SendAsync(fields: "Authorization: mine");
        await TestInstances.UntilAsync(() => site.Origin.Asked.Count == 1, "the first");
        var others = Enumerable.Range(0, 20).Select(_ => site.SendAsync()).ToArray();
        await TestInstances.UntilAsync(() => site.InHand == 21, "all requests");
        gate.SetResult();
        Assert.Equal("mine", (await mine).Body);
        Assert.All(await Task.WhenAll(others), reply => Assert.Equal("for all", reply.Body));
        Assert.Equal(2, site.Origin.Asked.Count);
    }

    [Fact]
    public async Task A_fetch_uses_the_origin_until_it_ends_whoever_waits_for_it()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60, stale-while-revalidate=60", "old");
        await site.SendAsync();
        await TestInstances.UntilAsync(() => site.Origin.Inside == 0, "the first fetch");
        var answer = new TaskCompletionSource<MemberAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Origin.Script = (_, _) => answer.Task;
        site.Wait(70);
        Assert.Equal("old", (await site.SendAsync()).Body);
        await TestInstances.UntilAsync(() => site.Origin.Asked.Count == 2, "the fetch in the background");
        await TestInstances.UntilAsync(() => site.InHand == 0, "the client");
        Assert.Equal(1, site.Origin.Inside);
        answer.SetResult(ScriptedAnswer.Whole("Cache-Control: max-age=60", "new"));
        await TestInstances.UntilAsync(() => site.Origin.Inside == 0, "the end of the fetch");
        Assert.Equal("new", (await site.SendAsync()).Body);
    }

    [Fact]
    public async Task A_fetch_in_the_background_does_not_hold_up_the_end()
    {
        var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60, stale-while-revalidate=60", "old");
        await site.SendAsync();
        var given = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Origin.Script = async (_, cancellation) =>
        {
            await using var told = cancellation.Register(() => given.TrySetResult());
            await Task.Delay(Timeout.Infinite, cancellation);
            return null!;
        };
        site.Wait(70);
        await site.SendAsync();
        await TestInstances.UntilAsync(() => site.Origin.Asked.Count == 2, "the fetch in the background");
        await site.DisposeAsync();
        Assert.True(given.Task.IsCompletedSuccessfully);
        Assert.Equal(0, site.Origin.Inside);
    }

    /// <summary>Time passes until there are so many fetches; not more than that.</summary>
    private static async Task PassTimeUntilAsync(CacheSite site, int fetches)
    {
        // Those who wait set their clocks when they come to it.
        for (var until = Environment.TickCount64 + 15_000; site.Origin.Asked.Count < fetches;)
        {
            Assert.True(Environment.TickCount64 < until, "nobody takes over");
            site.Wait(0.1);
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }
}
