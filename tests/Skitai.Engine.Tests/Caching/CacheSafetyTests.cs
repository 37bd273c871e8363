using Skitai.Engine.Proxy.Upstream;
using Skitai.Engine.Tests.Hosting;

namespace Skitai.Engine.Tests.Caching;

public sealed class CacheSafetyTests
{
    [Theory]
    [InlineData("POST", 200, false)]
    [InlineData("PUT", 204, false)]
    [InlineData("DELETE", 303, false)]
    [InlineData("M-SEARCH", 200, false)]
    [InlineData("POST", 500, true)]
    [InlineData("DELETE", 404, true)]
    [InlineData("OPTIONS", 200, true)]
    public async Task An_unsafe_request_that_worked_makes_what_is_kept_obsolete(string method, int status, bool isStillHit)
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60 | Vary: Foo", "hello");
        await site.SendAsync("/x", "Foo: 1");
        await site.SendAsync("/x", "Foo: 2");
        await site.SendAsync("/y");
        site.Origin.Answer("", "", status);
        await site.SendAsync("/x", method: method);
        site.Origin.Answer("Cache-Control: max-age=60 | Vary: Foo", "new");
        Assert.Equal(isStillHit, (await site.SendAsync("/x", "Foo: 1")).IsHit);
        Assert.Equal(isStillHit, (await site.SendAsync("/x", "Foo: 2")).IsHit);
        Assert.True((await site.SendAsync("/y")).IsHit);
    }

    [Fact]
    public async Task What_such_an_answer_names_is_obsolete_too_but_only_of_its_own_origin()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60", "hello");
        foreach (var path in new[] { "/a/location", "/content", "/other" })
        {
            await site.SendAsync(path);
        }

        site.Origin.Answer("Location: location | Content-Location: /content?", "", 201);
        await site.SendAsync("/a/b", method: "POST");
        site.Origin.Answer("Location: http://elsewhere.example/other | Content-Location: //127.0.0.1:1/other", "", 201);
        await site.SendAsync("/a/b", method: "POST");
        Assert.False((await site.SendAsync("/a/location")).IsHit);
        Assert.True((await site.SendAsync("/other")).IsHit);
    }

    [Fact]
    public async Task What_was_fetched_before_such_a_request_does_not_turn_up_after_it()
    {
        await using var site = await CacheSite.StartAsync();
        var slow = new TaskCompletionSource<MemberAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        var after = new TaskCompletionSource<MemberAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        var gets = 0;
        site.Origin.Script = (request, _) => request.Method == "POST" ? Task.FromResult<MemberAnswer>(ScriptedAnswer.Whole("")) : ++gets == 1 ? slow.Task : after.Task;
        var early = site.SendAsync();
        await TestInstances.UntilAsync(() => site.Origin.Asked.Count == 1, "the fetch");
        await site.SendAsync(method: "POST");
        var later = site.SendAsync();
        await TestInstances.UntilAsync(() => site.Origin.Asked.Count == 3, "a fetch of its own");
        slow.SetResult(ScriptedAnswer.Whole("Cache-Control: max-age=60", "before"));
        after.SetResult(ScriptedAnswer.Whole("Cache-Control: max-age=60", "after"));
        Assert.Equal(("before", "after"), ((await early).Body, (await later).Body));
        Assert.Equal(("after", true), ((await site.SendAsync()) is var reply ? reply.Body : "", reply.IsHit));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_that_may_have_been_cut_reaches_all_who_wait_but_is_not_kept(bool isCut)
    {
        await using var site = await CacheSite.StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Origin.Script = async (_, _) =>
        {
            await gate.Task;
            var answer = new ScriptedAnswer("Cache-Control: max-age=60") { IsCut = isCut };
            answer.Write("all, or not");
            answer.End();
            return answer;
        };
        var clients = Enumerable.Range(0, 3).Select(_ => site.SendAsync()).ToArray();
        await TestInstances.UntilAsync(() => site.InHand == clients.Length, "all requests");
        gate.SetResult();
        Assert.All(await Task.WhenAll(clients), reply => Assert.Equal("all, or not", reply.Body));
        site.Origin.Answer("Cache-Control: max-age=60", "again");
        Assert.Equal(isCut ? "again" : "all, or not", (await site.SendAsync()).Body);
    }

    [Theory]
    [InlineData("X-Original-URL: /admin")]
    [InlineData("X-HTTP-Method-Override: DELETE")]
    [InlineData("X_Forwarded_Prefix: //evil.example")]
    [InlineData("X-Forwarded-Scheme: http")]
    [InlineData("X-Host: evil.example")]
    public async Task Nobody_puts_into_the_cache_what_only_his_own_fields_made(string fields)
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Script = (request, _) => Task.FromResult<MemberAnswer>(
            ScriptedAnswer.Whole("Cache-Control: max-age=60, public", request.Headers.Lines.ToArray().Any(field => fields.StartsWith(field.Name, StringComparison.OrdinalIgnoreCase)) ? "evil" : "good"));
        Assert.Equal("evil", (await site.SendAsync(fields: fields)).Body);
        Assert.Equal("good", (await site.SendAsync()).Body);

        // What is kept is clean, and does for everybody.
        Assert.Equal(("good", true), ((await site.SendAsync(fields: fields)) is var reply ? reply.Body : "", reply.IsHit));
    }

    [Fact]
    public async Task A_request_with_such_a_field_waits_for_nobody_and_nobody_for_it()
    {
        await using var site = await CacheSite.StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        site.Origin.Script = async (request, _) =>
        {
            await gate.Task;
            return ScriptedAnswer.Whole("Cache-Control: max-age=60", request.Headers.Find("X-Host") ?? "good");
        };
        var evil = site.SendAsync(fields: "X-Host: evil");
        await TestInstances.UntilAsync(() => site.Origin.Asked.Count == 1, "the first");
        var good = site.SendAsync();
        await TestInstances.UntilAsync(() => site.Origin.Asked.Count == 2, "the second");
        gate.SetResult();
        Assert.Equal(("evil", "good"), ((await evil).Body, (await good).Body));
    }

    [Fact]
    public async Task A_GET_with_a_body_passes_the_cache_by()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60", "hello");
        for (var i = 0; i < 2; i++)
        {
            using var client = await RawClient.ConnectAsync(site.Address);
            await client.SendAsync($"GET / HTTP/1.1\r\nHost: {site.Address}\r\nContent-Length: 3\r\n\r\nabc");
            Assert.Equal("skitaid; fwd=bypass", (await client.ReadAsync())!["Cache-Status"]);
        }

        Assert.Equal(2, site.Origin.Asked.Count);
        Assert.False((await site.SendAsync()).IsHit);
    }

    [Theory]
    [InlineData("/a%2Fb", "/a/b")]
    [InlineData("/a?b", "/a%3Fb")]
    [InlineData("/a", "/A")]
    [InlineData("/a?x=1&y=2", "/a?y=2&x=1")]
    [InlineData("/a;b", "/a")]
    public async Task Targets_that_may_differ_to_a_member_are_kept_apart(string one, string other)
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Script = (request, _) => Task.FromResult<MemberAnswer>(ScriptedAnswer.Whole("Cache-Control: max-age=60", request.Target));
        Assert.Equal(one, await RawAsync(site, one, $"{site.Address}"));
        Assert.Equal(other, await RawAsync(site, other, $"{site.Address}"));
    }

    [Fact]
    public async Task Equivalent_spellings_are_one_object_and_purged_by_any_of_them()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Script = (request, _) => Task.FromResult<MemberAnswer>(ScriptedAnswer.Whole("Cache-Control: max-age=60 | Vary: Foo", request.Target));
        string[] spellings = ["/a~%C3%BC", "/%61%7e%c3%bc", "/a%7E%C3%bc", "/x/../a~%C3%BC", "http://A.example:80/%61~%C3%BC"];
        foreach (var spelling in spellings)
        {
            // Whoever asks first, members are asked in one spelling, for all get what it brings.
            Assert.Equal("/a~%C3%BC", await RawAsync(site, spelling, "a.example"));
        }

        Assert.Single(site.Origin.Asked);
        foreach (var url in new[] { "HTTP://A.EXAMPLE:80/%61~ü", "http://a.example./a%7e%c3%bc#fragment", "http://a.example:/./a~%C3%BC" })
        {
            Assert.Equal(1, await site.Cache.PurgeAsync(url));
            await RawAsync(site, "/%61~%C3%BC", "a.example");
        }

        Assert.Equal(4, site.Origin.Asked.Count);
        await RawAsync(site, "/", "a.example");
        Assert.Equal(1, await site.Cache.PurgeAsync("http://a.example"));
        Assert.Equal(1, await site.Cache.PurgePrefixAsync("http://a.example/%61~"));
    }

    [Fact]
    public async Task Purging_a_URL_takes_out_all_that_vary()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60 | Vary: Foo", "hello");
        for (var i = 0; i < 5; i++)
        {
            await site.SendAsync("/x", $"Foo: {i}");
        }

        Assert.Equal(5, await site.Cache.PurgeAsync($"http://{site.Address}/x"));
        for (var i = 0; i < 5; i++)
        {
            Assert.False((await site.SendAsync("/x", $"Foo: {i}")).IsHit);
        }
    }

    [Fact]
    public async Task Hosts_and_ports_are_kept_apart_and_their_spelling_is_not()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Script = (request, _) => Task.FromResult<MemberAnswer>(ScriptedAnswer.Whole("Cache-Control: max-age=60", $"{site.Origin.Asked.Count}"));
        Assert.Equal("1", await RawAsync(site, "/", "a.example"));
        Assert.Equal("2", await RawAsync(site, "/", "b.example"));
        Assert.Equal("3", await RawAsync(site, "/", "a.example:8080"));
        Assert.Equal("1", await RawAsync(site, "/", "A.EXAMPLE"));
        Assert.Equal("1", await RawAsync(site, "/", "a.example:80"));
        Assert.Equal("1", await RawAsync(site, "/x/../", "a.example"));
    }

    [Fact]
    public async Task Answers_to_somebody_authorised_are_his_alone_unless_they_are_public()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Script = (request, _) => Task.FromResult<MemberAnswer>(
            ScriptedAnswer.Whole(request.Target == "/public" ? "Cache-Control: max-age=60, public" : "Cache-Control: max-age=60", request.Headers.Find("Authorization") ?? "nobody"));
        Assert.Equal("me", (await site.SendAsync("/mine", "Authorization: me")).Body);
        Assert.Equal("you", (await site.SendAsync("/mine", "Authorization: you")).Body);
        Assert.Equal("nobody", (await site.SendAsync("/mine")).Body);
        Assert.True((await site.SendAsync("/mine")).IsHit);
        Assert.Equal("me", (await site.SendAsync("/public", "Authorization: me")).Body);
        Assert.Equal("me", (await site.SendAsync("/public")).Body);
    }

    [Fact]
    public async Task Purging_takes_out_a_URL_a_prefix_or_everything()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60", "hello");
        var paths = new[] { "/a", "/a?b", "/a/c", "/d" };
        await FillAsync();
        Assert.Equal(1, await site.Cache.PurgeAsync($"http://{site.Address}/a"));
        Assert.Equal([false, true, true, true], await FillAsync());
        Assert.Equal(3, await site.Cache.PurgePrefixAsync($"http://{site.Address}/a"));
        Assert.Equal([false, false, false, true], await FillAsync());
        Assert.Equal(4, await site.Cache.PurgeAllAsync());
        Assert.Equal([false, false, false, false], await FillAsync());
        Assert.Equal(0, await site.Cache.PurgeAsync($"http://{site.Address}/nothing"));
        Assert.Equal(-1, await site.Cache.PurgeAsync("/a"));

        async Task<List<bool>> FillAsync()
        {
            var hits = new List<bool>();
            foreach (var path in paths)
            {
                hits.Add((await site.SendAsync(path)).IsHit);
            }

            return hits;
        }
    }

    [Fact]
    public async Task A_cache_without_room_is_none()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60", "hello");
        await site.SendAsync();
        site.Cache.Configure(new Configuration.Settings.CacheSettings { Memory = 0 }, TimeSpan.FromSeconds(10));
        Assert.Equal("skitaid; fwd=bypass", (await site.SendAsync()).Cache);
        site.Cache.Configure(new Configuration.Settings.CacheSettings { Memory = 1024 * 1024 }, TimeSpan.FromSeconds(10));
        await site.SendAsync();
        Assert.True((await site.SendAsync()).IsHit);
    }

    private static async Task<string> RawAsync(CacheSite site, string target, string host)
    {
        using var client = await RawClient.ConnectAsync(site.Address);
        await client.SendAsync($"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        return (await client.ReadAsync())!.Body;
    }
}
