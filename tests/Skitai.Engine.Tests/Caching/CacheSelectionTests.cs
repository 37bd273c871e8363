using Skitai.Engine.Proxy.Upstream;
using Skitai.Engine.Tests.Hosting;

namespace Skitai.Engine.Tests.Caching;

/// <summary>Who waits for another one's fetch gets nothing that was kept for another selection.</summary>
public sealed class CacheSelectionTests
{
    /// <summary>Of two lists of fields that answers were selected by, the same value in each is not the same selection.</summary>
    [Fact]
    public async Task What_is_used_in_an_errors_place_is_for_its_own_selection_only()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=10, stale-if-error=1000 | Vary: X-A", "for A");
        await site.SendAsync(fields: "X-A: same");
        site.Origin.Answer("Cache-Control: max-age=10, stale-if-error=1000 | Vary: X-B", "for B");
        await site.SendAsync(fields: "X-A: other | X-B: same");
        site.Wait(11);
        var answer = new TaskCompletionSource<MemberAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Origin.Script = (_, _) => answer.Task;
        var one = site.SendAsync(fields: "X-A: same");
        await TestInstances.UntilAsync(() => site.InHand == 1, "the first request");
        var other = site.SendAsync(fields: "X-A: other | X-B: same");
        await TestInstances.UntilAsync(() => site.InHand == 2, "the second request");
        answer.SetResult(ScriptedAnswer.Whole("", "bad", 503));
        Assert.Equal(("for A", "for B"), ((await one).Body, (await other).Body));
    }

    [Fact]
    public async Task All_of_its_selection_get_it_for_one_question()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=10, stale-if-error=1000", "for all");
        await site.SendAsync();
        site.Wait(11);
        var answer = new TaskCompletionSource<MemberAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Origin.Script = (_, _) => answer.Task;
        var clients = Enumerable.Range(0, 10).Select(_ => site.SendAsync()).ToArray();
        await TestInstances.UntilAsync(() => site.InHand == 10, "all requests");
        answer.SetResult(ScriptedAnswer.Whole("", "bad", 503));
        Assert.All(await Task.WhenAll(clients), reply => Assert.Equal("for all", reply.Body));
        Assert.Equal(2, site.Origin.Asked.Count);
    }
}
