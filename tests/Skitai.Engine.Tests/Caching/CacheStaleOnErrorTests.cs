using Skitai.Engine.Tests.Hosting;

namespace Skitai.Engine.Tests.Caching;

/// <summary>What is kept does its service although answers to the same URL were not kept lately.</summary>
public sealed class CacheStaleOnErrorTests
{
    [Fact]
    public async Task After_an_answer_that_is_not_kept_a_stale_one_still_takes_an_errors_place()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=10, stale-if-error=1000 | ETag: \"a\"", "good");
        await site.SendAsync();
        site.Wait(11);
        site.Origin.Answer("Cache-Control: no-store", "once");
        Assert.Equal("once", (await site.SendAsync()).Body);
        site.Origin.Fail();
        Assert.Equal((200, "good"), ((await site.SendAsync()) is var reply ? reply.Status : 0, reply.Body));
    }

    [Fact]
    public async Task An_error_for_one_selection_does_not_hide_what_is_kept_for_another()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=10, stale-if-error=1000 | ETag: \"a\" | Vary: X-A", "good");
        await site.SendAsync(fields: "X-A: 1");
        site.Wait(11);
        site.Origin.Answer("", "error", 500);
        Assert.Equal(500, (await site.SendAsync(fields: "X-A: 2")).Status);
        Assert.Equal((200, "good"), ((await site.SendAsync(fields: "X-A: 1")) is var reply ? reply.Status : 0, reply.Body));
    }

    [Fact]
    public async Task After_an_answer_that_is_not_kept_a_stale_one_is_still_confirmed_and_then_for_all_again()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.AnswerInTurn(
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"a\"", "good"),
            () => ScriptedAnswer.Whole("Cache-Control: no-store", "once"),
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"a\"", "", 304),
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"b\"", "new"));
        await site.SendAsync();
        site.Wait(11);
        await site.SendAsync();
        Assert.Equal("good", (await site.SendAsync()).Body);
        Assert.Equal("GET / If-None-Match=\"a\"", site.Origin.Asked[2]);
        Assert.True((await site.SendAsync()).IsHit);
        site.Wait(11);
        var clients = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => site.SendAsync()));
        Assert.All(clients, reply => Assert.Equal("new", reply.Body));
        Assert.Equal(4, site.Origin.Asked.Count);
    }

    [Fact]
    public async Task Those_who_waited_for_an_answer_that_is_not_kept_have_the_stale_one_in_an_errors_place_too()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=10, stale-if-error=1000 | ETag: \"a\"", "good");
        await site.SendAsync();
        site.Wait(11);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var turn = 0;
        site.Origin.Script = async (_, _) =>
        {
            await gate.Task;
            return Interlocked.Increment(ref turn) == 1 ? ScriptedAnswer.Whole("Cache-Control: no-store", "once") : ScriptedAnswer.Whole("", "error", 503);
        };
        var clients = Enumerable.Range(0, 5).Select(_ => site.SendAsync()).ToArray();
        await TestInstances.UntilAsync(() => site.InHand == 5, "all requests");
        gate.SetResult();
        Assert.Equal(["good", "good", "good", "good", "once"], (await Task.WhenAll(clients)).Select(reply => reply.Body).Order());
    }

    [Fact]
    public async Task They_do_not_wait_for_each_other_then()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=10 | ETag: \"a\"", "good");
        await site.SendAsync();
        site.Wait(11);
        site.Origin.Answer("Cache-Control: no-store", "once");
        await site.SendAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Origin.Script = async (_, _) =>
        {
            await gate.Task;
            return ScriptedAnswer.Whole("Cache-Control: no-store", "own");
        };
        var clients = Enumerable.Range(0, 5).Select(_ => site.SendAsync()).ToArray();
        await TestInstances.UntilAsync(() => site.Origin.Asked.Count == 7, "a question for each");
        gate.SetResult();
        Assert.All(await Task.WhenAll(clients), reply => Assert.Equal("own", reply.Body));
    }
}
