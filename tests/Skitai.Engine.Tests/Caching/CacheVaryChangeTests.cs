using Skitai.Engine.Tests.Hosting;

namespace Skitai.Engine.Tests.Caching;

/// <summary>What is kept was selected by the fields that Vary named then; when the origin names others, nobody else gets it.</summary>
public sealed class CacheVaryChangeTests
{
    [Theory]
    [InlineData("Vary: Cookie")]
    [InlineData("Vary: *")]
    [InlineData("Vary: X-A | Vary: Cookie")]
    public async Task A_confirmation_that_names_other_fields_is_for_the_one_who_asked(string vary)
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.AnswerInTurn(
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"a\" | Vary: X-A", "hello"),
            () => ScriptedAnswer.Whole($"Cache-Control: max-age=20 | ETag: \"a\" | {vary}", "", 304),
            () => ScriptedAnswer.Whole($"Cache-Control: max-age=20 | ETag: \"b\" | {vary}", "other"));
        await site.SendAsync(fields: "Cookie: u=1");
        site.Wait(11);
        var one = await site.SendAsync(fields: "Cookie: u=1");
        Assert.Equal((200, "hello", "skitaid; fwd=stale; fwd-status=304; ttl=20"), (one.Status, one.Body, one.Cache));
        Assert.Equal("other", (await site.SendAsync(fields: "Cookie: u=2")).Body);
    }

    [Fact]
    public async Task Those_who_wait_for_such_a_confirmation_do_not_get_it_either()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=10 | ETag: \"a\"", "hello");
        await site.SendAsync(fields: "Cookie: u=1");
        site.Wait(11);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Origin.Script = async (request, _) =>
        {
            await gate.Task;
            return request.Headers.Find("If-None-Match") is null
                ? ScriptedAnswer.Whole("Cache-Control: max-age=20 | ETag: \"b\" | Vary: Cookie", request.Headers.Find("Cookie")!)
                : ScriptedAnswer.Whole("Cache-Control: max-age=20 | ETag: \"a\" | Vary: Cookie", "", 304);
        };
        var first = site.SendAsync(fields: "Cookie: u=1");
        await TestInstances.UntilAsync(() => site.Origin.Asked.Count == 2, "the question");
        var others = Enumerable.Range(2, 3).Select(i => site.SendAsync(fields: $"Cookie: u={i}")).ToArray();
        await TestInstances.UntilAsync(() => site.InHand == 4, "all requests");
        gate.SetResult();
        Assert.Equal("hello", (await first).Body);
        Assert.Equal(["u=2", "u=3", "u=4"], (await Task.WhenAll(others)).Select(reply => reply.Body));
    }

    [Fact]
    public async Task A_confirmation_that_names_the_same_fields_in_another_way_is_for_all()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.AnswerInTurn(
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"a\" | Vary: X-A, X-B", "hello"),
            () => ScriptedAnswer.Whole("ETag: \"a\" | Vary: x-b | Vary: x-a", "", 304));
        await site.SendAsync();
        site.Wait(11);
        await site.SendAsync();
        Assert.True((await site.SendAsync()).IsHit);
    }

    [Fact]
    public async Task An_answer_to_HEAD_that_names_other_fields_ends_the_keeping()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=10 | ETag: \"a\"", "hello");
        await site.SendAsync(fields: "Cookie: u=1");
        site.Wait(11);
        site.Origin.Answer("Cache-Control: max-age=20 | ETag: \"a\" | Vary: Cookie", "other");
        await site.SendAsync(fields: "Cookie: u=1", method: "HEAD");
        Assert.Equal("other", (await site.SendAsync(fields: "Cookie: u=2")).Body);
    }
}
