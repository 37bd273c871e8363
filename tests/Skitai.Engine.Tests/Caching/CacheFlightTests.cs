using Skitai.Engine.Proxy.Upstream;
using Skitai.Engine.Tests.Hosting;

namespace Skitai.Engine.Tests.Caching;

public sealed class CacheFlightTests
{
    [Fact]
    public async Task A_thousand_clients_asking_for_one_cold_object_are_one_fetch()
    {
        await using var site = await CacheSite.StartAsync();
        var answer = new TaskCompletionSource<MemberAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Origin.Script = (_, _) => answer.Task;
        var clients = Enumerable.Range(0, 1000).Select(_ => site.SendAsync("/cold")).ToArray();
        await TestInstances.UntilAsync(() => site.InHand == 1000, "a thousand requests");
        Assert.Single(site.Origin.Asked);

        answer.SetResult(ScriptedAnswer.Whole("Cache-Control: max-age=60", "hello"));
        var replies = await Task.WhenAll(clients);
        Assert.All(replies, reply => Assert.Equal((200, "hello"), (reply.Status, reply.Body)));
        Assert.Equal(1, replies.Count(reply => reply.Cache.EndsWith("; stored", StringComparison.Ordinal)));
        Assert.Equal(999, replies.Count(reply => reply.Cache.EndsWith("; collapsed", StringComparison.Ordinal)));
        Assert.Single(site.Origin.Asked);
        Assert.Equal(999, site.Cache.GetStatus().Collapsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Cache-Control: private, max-age=60")]
    [InlineData("Cache-Control: max-age=60 | Set-Cookie: session=1")]
    public async Task Nobody_gets_an_answer_that_is_for_another_one(string fields)
    {
        await using var site = await CacheSite.StartAsync();
        var first = new TaskCompletionSource<MemberAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        var turn = 0;
        site.Origin.Script = async (_, _) => Interlocked.Increment(ref turn) is var mine && mine == 1 ? await first.Task : ScriptedAnswer.Whole(fields, $"for {mine}");
        var clients = Enumerable.Range(0, 20).Select(_ => site.SendAsync()).ToArray();
        await TestInstances.UntilAsync(() => site.InHand == 20, "all requests");
        first.SetResult(ScriptedAnswer.Whole(fields, "for 1"));
        var bodies = (await Task.WhenAll(clients)).Select(reply => reply.Body).ToHashSet();
        Assert.Equal(20, bodies.Count);
        Assert.Equal(20, site.Origin.Asked.Count);

        // From now on nobody waits for anybody: the next ones are not even begun on others' behalf.
        var before = site.Origin.Forwarded;
        await site.SendAsync();
        Assert.Equal(before + 1, site.Origin.Forwarded);
    }

    [Fact]
    public async Task What_was_not_kept_once_is_fetched_for_all_again_as_soon_as_it_can_be()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.AnswerInTurn(
            () => ScriptedAnswer.Whole("Cache-Control: no-store", "1"),
            () => ScriptedAnswer.Whole("Cache-Control: no-store", "2"),
            () => ScriptedAnswer.Whole("Cache-Control: max-age=60", "3"),
            () => ScriptedAnswer.Whole("Cache-Control: max-age=60", "4"));
        foreach (var (expected, forwarded) in new[] { ("1", 0), ("2", 1), ("3", 2), ("4", 2), ("4", 2) })
        {
            Assert.Equal(expected, (await site.SendAsync()).Body);
            Assert.Equal(forwarded, site.Origin.Forwarded);
        }
    }

    [Fact]
    public async Task What_was_not_kept_is_forgotten_after_a_while()
    {
        await using var site = await CacheSite.StartAsync();
        await site.SendAsync();
        await site.SendAsync();
        Assert.Equal(1, site.Origin.Forwarded);
        site.Wait(121);
        await site.SendAsync();
        Assert.Equal(1, site.Origin.Forwarded);
    }

    [Fact]
    public async Task The_first_client_may_leave_and_the_others_are_served()
    {
        await using var site = await CacheSite.StartAsync();
        var answer = new TaskCompletionSource<MemberAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Origin.Script = (_, cancellation) => answer.Task.WaitAsync(cancellation);
        using (var leaver = await RawClient.ConnectAsync(site.Address))
        {
            await leaver.SendAsync($"GET /x HTTP/1.1\r\nHost: {site.Address}\r\n\r\n");
            await TestInstances.UntilAsync(() => site.Origin.Asked.Count == 1, "the first request");
            var others = Enumerable.Range(0, 3).Select(_ => site.SendAsync("/x")).ToArray();
            await TestInstances.UntilAsync(() => site.InHand == 4, "all requests");
            leaver.Dispose();
            await TestInstances.UntilAsync(() => site.InHand == 3, "the first to leave");
            answer.SetResult(ScriptedAnswer.Whole("Cache-Control: max-age=60", "hello"));
            Assert.All(await Task.WhenAll(others), reply => Assert.Equal("hello", reply.Body));
        }

        Assert.Single(site.Origin.Asked);
    }

    [Fact]
    public async Task A_fetch_that_nobody_waits_for_any_more_is_given_up()
    {
        await using var site = await CacheSite.StartAsync();
        var given = new TaskCompletionSource();
        site.Origin.Script = async (_, cancellation) =>
        {
            using var told = cancellation.Register(given.SetResult);
            await Task.Delay(Timeout.Infinite, cancellation);
            return ScriptedAnswer.Whole("");
        };
        using (var leaver = await RawClient.ConnectAsync(site.Address))
        {
            await leaver.SendAsync($"GET / HTTP/1.1\r\nHost: {site.Address}\r\n\r\n");
            await TestInstances.UntilAsync(() => site.Origin.Asked.Count == 1, "the request");
        }

        await given.Task.WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken);
        await TestInstances.UntilAsync(() => site.Cache.GetStatus().Fetching == 0, "the end of the fetch");
        site.Origin.Answer("Cache-Control: max-age=60", "hello");
        Assert.Equal("hello", (await site.SendAsync()).Body);
    }

    [Fact]
    public async Task What_is_going_to_be_kept_comes_to_its_end_without_anybody()
    {
        await using var site = await CacheSite.StartAsync();
        var answer = new ScriptedAnswer("Cache-Control: max-age=60", length: 10);
        site.Origin.Script = (_, _) => Task.FromResult<MemberAnswer>(answer);
        using (var leaver = await RawClient.ConnectAsync(site.Address))
        {
            answer.Write("01234");
            await leaver.SendAsync($"GET / HTTP/1.1\r\nHost: {site.Address}\r\n\r\n");
            await TestInstances.UntilAsync(() => site.Origin.Asked.Count == 1, "the request");
        }

        await TestInstances.UntilAsync(() => site.InHand == 0, "the client to leave");
        answer.Write("56789");
        answer.End();
        await TestInstances.UntilAsync(() => site.Cache.GetStatus().Stored == 1, "the object");
        Assert.Equal("0123456789", (await site.SendAsync()).Body);
        Assert.Single(site.Origin.Asked);
    }

    [Fact]
    public async Task Others_stream_along_while_an_answer_of_known_length_comes()
    {
        await using var site = await CacheSite.StartAsync();
        var answer = new ScriptedAnswer("Cache-Control: max-age=60", length: 10);
        site.Origin.Script = (_, _) => Task.FromResult<MemberAnswer>(answer);
        answer.Write("01234");
        using var first = await StartReadingAsync(site, "01234");
        using var late = await StartReadingAsync(site, "01234");
        answer.Write("56789");
        answer.End();
        Assert.Equal("56789", await first.RestAsync());
        Assert.Equal("56789", await late.RestAsync());
        Assert.Contains("collapsed", late.Status, StringComparison.Ordinal);
        Assert.Single(site.Origin.Asked);
    }

    [Fact]
    public async Task Others_wait_for_the_end_of_an_answer_of_unknown_length()
    {
        await using var site = await CacheSite.StartAsync();
        var answer = new ScriptedAnswer("Cache-Control: max-age=60");
        site.Origin.Script = (_, _) => Task.FromResult<MemberAnswer>(answer);
        answer.Write("01234");
        using var first = await StartReadingAsync(site, "01234");
        var late = site.SendAsync();
        await TestInstances.UntilAsync(() => site.InHand == 2, "the second request");
        answer.Write("56789");
        answer.End();
        Assert.Equal("56789", await first.RestAsync());
        Assert.Equal("0123456789", (await late).Body);
        Assert.Single(site.Origin.Asked);
    }

    [Fact]
    public async Task Who_waits_too_long_for_the_end_of_an_answer_fetches_for_himself()
    {
        await using var site = await CacheSite.StartAsync();
        var endless = new ScriptedAnswer("Cache-Control: max-age=60");
        site.Origin.AnswerInTurn(() => endless, () => ScriptedAnswer.Whole("", "own"));
        endless.Write("tick");
        using var first = await StartReadingAsync(site, "tick");
        var late = site.SendAsync();
        await TestInstances.UntilAsync(() => site.InHand == 2, "the second request");
        await TestInstances.UntilAsync(
            () =>
            {
                site.Wait(11);
                return late.IsCompleted;
            },
            "the second request to go alone");
        Assert.Equal("own", (await late).Body);
        endless.End();
        Assert.Equal("", await first.RestAsync());
    }

    [Fact]
    public async Task An_answer_that_becomes_too_large_goes_on_to_the_first_client_and_the_others_are_let_go()
    {
        await using var site = await CacheSite.StartAsync(memory: 1024 * 1024);
        var large = new ScriptedAnswer("Cache-Control: max-age=60");
        site.Origin.AnswerInTurn(() => large, () => ScriptedAnswer.Whole("Cache-Control: max-age=60", "own"));
        large.Write("0123456789");
        using var first = await StartReadingAsync(site, "0123456789");
        var other = site.SendAsync();
        await TestInstances.UntilAsync(() => site.InHand == 2, "the second request");
        var piece = new string('x', 50_000);
        for (var i = 0; i < 40; i++)
        {
            large.Write(piece);
        }

        large.End();
        Assert.Equal("own", (await other).Body);
        Assert.Equal(40 * piece.Length, (await first.RestAsync()).Length);
        Assert.Equal(0, site.Cache.GetStatus().MemoryObjects);
        Assert.True(large.IsDisposed);
    }

    [Fact]
    public async Task An_answer_that_is_too_large_from_the_start_is_passed_on()
    {
        await using var site = await CacheSite.StartAsync(memory: 64 * 1024);
        var body = new string('x', 100_000);
        site.Origin.Answer("Cache-Control: max-age=60", body);
        for (var i = 1; i <= 3; i++)
        {
            Assert.Equal(body, (await site.SendAsync()).Body);
            Assert.Equal(i, site.Origin.Asked.Count);
        }
    }

    [Fact]
    public async Task A_broken_answer_is_cut_for_all_and_not_kept()
    {
        await using var site = await CacheSite.StartAsync();
        var broken = new ScriptedAnswer("Cache-Control: max-age=60", length: 10);
        site.Origin.AnswerInTurn(() => broken, () => ScriptedAnswer.Whole("Cache-Control: max-age=60", "whole"));
        broken.Write("01234");
        using var first = await StartReadingAsync(site, "01234");
        using var second = await StartReadingAsync(site, "01234");
        broken.Break();
        await Assert.ThrowsAnyAsync<Exception>(first.RestAsync);
        await Assert.ThrowsAnyAsync<Exception>(second.RestAsync);
        await TestInstances.UntilAsync(() => site.Cache.GetStatus().Fetching == 0, "the end of the fetch");
        Assert.Equal("whole", (await site.SendAsync()).Body);
        Assert.Contains("broke off", site.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_breaks_before_anything_was_sent_is_502()
    {
        await using var site = await CacheSite.StartAsync();
        var broken = new ScriptedAnswer("Cache-Control: no-store", length: 10);
        broken.Break();
        site.Origin.Script = (_, _) => throw new MemberException(MemberFault.BrokenOff, neverLeft: false, "it broke off");
        Assert.Equal(502, (await site.SendAsync()).Status);
    }

    [Fact]
    public async Task Those_who_wait_share_the_failure()
    {
        await using var site = await CacheSite.StartAsync();
        var answer = new TaskCompletionSource<MemberAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Origin.Script = (_, _) => answer.Task;
        var clients = Enumerable.Range(0, 10).Select(_ => site.SendAsync()).ToArray();
        await TestInstances.UntilAsync(() => site.InHand == 10, "all requests");
        answer.SetException(new Engine.Caching.OriginException(503, "nobody is there"));
        Assert.All(await Task.WhenAll(clients), reply => Assert.Equal(503, reply.Status));
        Assert.Single(site.Origin.Asked);
    }

    [Fact]
    public async Task Those_who_wait_for_another_selection_get_their_own_in_one_more_fetch()
    {
        await using var site = await CacheSite.StartAsync();
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Origin.Script = async (request, _) =>
        {
            await first.Task;
            return ScriptedAnswer.Whole("Cache-Control: max-age=60 | Vary: Foo", request.Headers.Find("Foo")!);
        };
        var clients = Enumerable.Range(0, 30).Select(i => site.SendAsync(fields: $"Foo: {i % 3}")).ToArray();
        await TestInstances.UntilAsync(() => site.InHand == 30, "all requests");
        first.SetResult();
        var replies = await Task.WhenAll(clients);
        Assert.All(replies.Select((reply, i) => (reply.Body, i)), one => Assert.Equal($"{one.i % 3}", one.Body));
        Assert.Equal(3, site.Origin.Asked.Count);
    }

    private static async Task<Reading> StartReadingAsync(CacheSite site, string begin)
    {
        var answer = await site.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var stream = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var reading = new Reading(answer, new StreamReader(stream));
        Assert.Equal(begin, await reading.ReadAsync(begin.Length));
        return reading;
    }

    private sealed class Reading(HttpResponseMessage answer, StreamReader reader) : IDisposable
    {
        public string Status => answer.Headers.GetValues("Cache-Status").Single();

        public async Task<string> ReadAsync(int length)
        {
            var buffer = new char[length];
            var read = await reader.ReadBlockAsync(buffer, TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken);
            return new string(buffer, 0, read);
        }

        public Task<string> RestAsync() => reader.ReadToEndAsync(TestContext.Current.CancellationToken);

        public void Dispose()
        {
            reader.Dispose();
            answer.Dispose();
        }
    }
}
