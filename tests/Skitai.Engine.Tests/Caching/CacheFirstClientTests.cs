using Skitai.Engine.Tests.Hosting;

namespace Skitai.Engine.Tests.Caching;

/// <summary>The client that the origin was asked for gets all that it said, also what is not kept for others.</summary>
public sealed class CacheFirstClientTests
{
    [Theory]
    [InlineData("no-cache")]
    [InlineData("private")]
    public async Task It_gets_the_fields_that_others_may_not_have(string directive)
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer($"Cache-Control: max-age=10, {directive}=\"X-Mine, X-Other\" | X-Mine: 1 | X-Mine: 2 | X-All: 3", "hello");
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var script = site.Origin.Script;
        site.Origin.Script = async (request, cancellation) =>
        {
            await gate.Task;
            return await script(request, cancellation);
        };
        var mine = site.SendAsync();
        await TestInstances.UntilAsync(() => site.InHand == 1, "the first request");
        var other = site.SendAsync();
        await TestInstances.UntilAsync(() => site.InHand == 2, "the second request");
        gate.SetResult();
        Assert.Equal(("1, 2", "3"), ((await mine)["X-Mine"], (await mine)["X-All"]));
        Assert.Equal((null, "3"), ((await other)["X-Mine"], (await other)["X-All"]));
        var hit = await site.SendAsync();
        Assert.Equal((true, null, "3"), (hit.IsHit, hit["X-Mine"], hit["X-All"]));
    }

    [Fact]
    public async Task It_gets_those_of_a_confirmation()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.AnswerInTurn(
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"a\"", "hello"),
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10, no-cache=\"X-Mine\" | ETag: \"a\" | X-Mine: 1 | Cache-Status: inner; hit", "", 304));
        await site.SendAsync();
        site.Wait(11);
        var mine = await site.SendAsync();
        Assert.Equal(("1", "inner; hit, skitaid; fwd=stale; fwd-status=304; ttl=10; stored"), (mine["X-Mine"], mine.Cache));
        var hit = await site.SendAsync();
        Assert.Equal((null, "skitaid; hit; ttl=10"), (hit["X-Mine"], hit.Cache));
    }

    [Fact]
    public async Task It_hears_of_the_caches_on_the_way_before_this_one()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=10 | Cache-Status: inner; hit | Cache-Status: middle; fwd=miss", "hello");
        Assert.Equal("inner; hit, middle; fwd=miss, skitaid; fwd=uri-miss; ttl=10; stored", (await site.SendAsync()).Cache);
        Assert.Equal("skitaid; hit; ttl=10", (await site.SendAsync()).Cache);
    }
}
