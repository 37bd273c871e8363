using Skitai.Engine.Proxy.Upstream;
using Skitai.Engine.Tests.Hosting;

namespace Skitai.Engine.Tests.Caching;

public sealed class CacheConfirmationTests
{
    [Fact]
    public async Task A_stale_answer_is_good_again_when_the_origin_says_so()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.AnswerInTurn(
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"a\" | Last-Modified: Mon, 23 Nov 2026 08:00:00 GMT | X-A: 1 | X-B: 2", "hello"),
            () => ScriptedAnswer.Whole("Cache-Control: max-age=20 | ETag: \"a\" | X-A: 3", "", 304));
        await site.SendAsync();
        site.Wait(11);
        var reply = await site.SendAsync();
        Assert.Equal((200, "hello", "skitaid; fwd=stale; fwd-status=304; ttl=20; stored"), (reply.Status, reply.Body, reply.Cache));
        Assert.Equal(("3", "2", "max-age=20"), (reply["X-A"], reply["X-B"], reply["Cache-Control"]));
        site.Wait(19);
        var hit = await site.SendAsync();
        Assert.Equal((true, "3", "19"), (hit.IsHit, hit["X-A"], hit["Age"]));
        Assert.Equal(["GET /", "GET / If-None-Match=\"a\" If-Modified-Since=Mon, 23 Nov 2026 08:00:00 GMT"], site.Origin.Asked);
        Assert.Equal(1, site.Cache.GetStatus().Confirmed);
    }

    [Fact]
    public async Task A_newer_answer_takes_the_place_of_a_stale_one()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.AnswerInTurn(
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"a\"", "old"),
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"b\"", "new"));
        await site.SendAsync();
        site.Wait(11);
        Assert.Equal("new", (await site.SendAsync()).Body);
        Assert.Equal(("new", true), ((await site.SendAsync()).Body, (await site.SendAsync()).IsHit));
    }

    [Fact]
    public async Task A_confirmation_of_something_else_is_none()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.AnswerInTurn(
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"a\"", "old"),
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"b\"", "", 304),
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"b\"", "new"));
        await site.SendAsync();
        site.Wait(11);
        Assert.Equal("new", (await site.SendAsync()).Body);
        Assert.Equal(["GET /", "GET / If-None-Match=\"a\"", "GET /"], site.Origin.Asked);
    }

    [Fact]
    public async Task Many_who_find_it_stale_are_one_question()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=10 | ETag: \"a\"", "hello");
        await site.SendAsync();
        site.Wait(11);
        var answer = new TaskCompletionSource<MemberAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Origin.Script = (_, _) => answer.Task;
        var clients = Enumerable.Range(0, 50).Select(i => site.SendAsync(fields: i % 2 == 0 ? "" : "If-None-Match: \"a\"")).ToArray();
        await TestInstances.UntilAsync(() => site.InHand == 50, "all requests");
        answer.SetResult(ScriptedAnswer.Whole("ETag: \"a\"", "", 304));
        var replies = await Task.WhenAll(clients);
        Assert.All(replies.Where((_, i) => i % 2 == 0), reply => Assert.Equal((200, "hello"), (reply.Status, reply.Body)));
        Assert.All(replies.Where((_, i) => i % 2 == 1), reply => Assert.Equal(304, reply.Status));
        Assert.Equal(2, site.Origin.Asked.Count);
    }

    [Fact]
    public async Task What_has_to_be_confirmed_each_time_is_confirmed_for_each()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: no-cache | ETag: \"a\"", "hello");
        await site.SendAsync();
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Origin.Script = async (_, _) =>
        {
            await answer.Task;
            return ScriptedAnswer.Whole("ETag: \"a\"", "", 304);
        };
        var clients = Enumerable.Range(0, 5).Select(_ => site.SendAsync()).ToArray();
        await TestInstances.UntilAsync(() => site.Origin.Asked.Count == 6, "a question for each");
        answer.SetResult();
        Assert.All(await Task.WhenAll(clients), reply => Assert.Equal((200, "hello"), (reply.Status, reply.Body)));
    }

    [Fact]
    public async Task A_range_of_a_stale_answer_is_cut_out_when_it_is_confirmed()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.AnswerInTurn(
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"a\"", "0123456789"),
            () => ScriptedAnswer.Whole("ETag: \"a\"", "", 304));
        await site.SendAsync();
        site.Wait(11);
        var reply = await site.SendAsync(fields: "Range: bytes=2-3");
        Assert.Equal((206, "23"), (reply.Status, reply.Body));
        Assert.Equal("GET / If-None-Match=\"a\"", site.Origin.Asked[1]);
    }

    [Fact]
    public async Task A_confirmation_that_says_private_ends_the_keeping()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.AnswerInTurn(
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"a\"", "hello"),
            () => ScriptedAnswer.Whole("Cache-Control: private | ETag: \"a\"", "", 304),
            () => ScriptedAnswer.Whole("Cache-Control: private | ETag: \"a\"", "other"));
        await site.SendAsync();
        site.Wait(11);
        Assert.Equal("hello", (await site.SendAsync()).Body);
        Assert.Equal("other", (await site.SendAsync()).Body);
        Assert.Equal("GET /", site.Origin.Asked[2]);
    }

    [Fact]
    public async Task A_cookie_in_a_confirmation_is_not_kept()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.AnswerInTurn(
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"a\"", "hello"),
            () => ScriptedAnswer.Whole("ETag: \"a\" | Set-Cookie: session=1", "", 304));
        await site.SendAsync();
        site.Wait(11);
        await site.SendAsync();
        var hit = await site.SendAsync();
        Assert.Equal((true, null), (hit.IsHit, hit["Set-Cookie"]));
    }

    [Fact]
    public async Task Stale_while_revalidate_answers_at_once_and_asks_once_in_the_background()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=10, stale-while-revalidate=30 | ETag: \"a\"", "old");
        await site.SendAsync();
        site.Wait(20);
        var answer = new TaskCompletionSource<MemberAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Origin.Script = (_, _) => answer.Task;
        for (var i = 0; i < 5; i++)
        {
            var reply = await site.SendAsync();
            Assert.Equal(("old", "skitaid; hit; ttl=-10; detail=stale-while-revalidate"), (reply.Body, reply.Cache));
        }

        await TestInstances.UntilAsync(() => site.Origin.Asked.Count == 2, "the question");
        answer.SetResult(ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"b\"", "new"));
        await TestInstances.UntilAsync(() => site.Cache.GetStatus().Stored == 2, "the new object");
        var fresh = await site.SendAsync();
        Assert.Equal(("new", true), (fresh.Body, fresh.IsHit));
        Assert.Equal(2, site.Origin.Asked.Count);
        Assert.Equal(5, site.Cache.GetStatus().Stale);
    }

    [Fact]
    public async Task Stale_while_revalidate_has_an_end()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.AnswerInTurn(
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10, stale-while-revalidate=30", "old"),
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10", "new"));
        await site.SendAsync();
        site.Wait(41);
        Assert.Equal("new", (await site.SendAsync()).Body);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task Stale_if_error_takes_the_place_of_an_error(int status)
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=10, stale-if-error=100", "old");
        await site.SendAsync();
        site.Origin.Answer("", "oops", status);
        site.Wait(60);
        var reply = await site.SendAsync();
        Assert.Equal((200, "old", $"skitaid; fwd=stale; fwd-status={status}; ttl=-50; detail=stale-if-error"), (reply.Status, reply.Body, reply.Cache));
        var counted = site.Cache.GetStatus();
        Assert.Equal((0, 1, 2), (counted.Hits, counted.Stale, counted.Misses));
        site.Wait(51);
        Assert.Equal(status, (await site.SendAsync()).Status);
    }

    [Fact]
    public async Task Without_permission_an_error_is_passed_on()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=10", "old");
        await site.SendAsync();
        site.Origin.Answer("", "oops", 503);
        site.Wait(11);
        Assert.Equal((503, "oops"), ((await site.SendAsync()) is var reply ? reply.Status : 0, reply.Body));
    }

    [Fact]
    public async Task When_no_member_can_be_reached_a_stale_answer_does_for_a_minute()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=10", "old");
        await site.SendAsync();
        site.Origin.Fail();
        site.Wait(69);
        var reply = await site.SendAsync();
        Assert.Equal(("old", "skitaid; fwd=stale; ttl=-59; detail=stale-if-error"), (reply.Body, reply.Cache));
        site.Wait(2);
        Assert.Equal(502, (await site.SendAsync()).Status);
    }

    [Theory]
    [InlineData("max-age=10, must-revalidate")]
    [InlineData("max-age=10, proxy-revalidate, stale-if-error=100")]
    [InlineData("max-age=10, no-cache")]
    public async Task Where_stale_answers_are_forbidden_it_is_504(string control)
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer($"Cache-Control: {control} | ETag: \"a\"", "old");
        await site.SendAsync();
        site.Origin.Fail();
        site.Wait(11);
        Assert.Equal(504, (await site.SendAsync()).Status);
    }

    [Fact]
    public async Task HEAD_freshens_what_is_kept_or_ends_its_keeping()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.AnswerInTurn(
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"a\" | X-A: 1", "hello"),
            () => new ScriptedAnswer("Cache-Control: max-age=1000 | ETag: \"a\" | X-A: 2", length: 0),
            () => new ScriptedAnswer("Cache-Control: max-age=1000 | ETag: \"b\"", length: 0),
            () => ScriptedAnswer.Whole("Cache-Control: max-age=10 | ETag: \"b\"", "new"));
        await site.SendAsync();
        site.Wait(11);

        // The scripted answers to HEAD have a Content-Length of their own, which is not the kept body's.
        site.Origin.Script = Without(site.Origin.Script);
        await site.SendAsync(method: "HEAD");
        var hit = await site.SendAsync();
        Assert.Equal((true, "hello", "2"), (hit.IsHit, hit.Body, hit["X-A"]));
        site.Wait(1001);
        await site.SendAsync(method: "HEAD");
        Assert.Equal("new", (await site.SendAsync()).Body);

        static Func<MemberRequest, CancellationToken, Task<MemberAnswer>> Without(Func<MemberRequest, CancellationToken, Task<MemberAnswer>> script) =>
            async (request, cancellation) =>
            {
                var answer = await script(request, cancellation);
                if (request.Method == "HEAD")
                {
                    answer.Headers.Remove("Content-Length");
                }

                return answer;
            };
    }
}
