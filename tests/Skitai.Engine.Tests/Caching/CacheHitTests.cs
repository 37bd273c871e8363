namespace Skitai.Engine.Tests.Caching;

public sealed class CacheHitTests
{
    [Fact]
    public async Task A_fresh_answer_is_fetched_once()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60 | ETag: \"a\" | X-Other: y | Content-Type: text/x", "hello");

        var first = await site.SendAsync("/x?q");
        Assert.Equal((200, "hello", "skitaid; fwd=uri-miss; ttl=60; stored"), (first.Status, first.Body, first.Cache));
        Assert.Null(first["Age"]);
        Assert.Equal("5", first["Content-Length"]);

        site.Wait(42.5);
        var second = await site.SendAsync("/x?q");
        Assert.Equal((200, "hello", "skitaid; hit; ttl=17"), (second.Status, second.Body, second.Cache));
        Assert.Equal(("42", "\"a\"", "y", "5"), (second["Age"], second["ETag"], second["X-Other"], second["Content-Length"]));
        Assert.Equal("text/x", second["Content-Type"]);
        Assert.Equal(first["Date"], second["Date"]);
        Assert.Equal(["GET /x?q"], site.Origin.Asked);

        Assert.False((await site.SendAsync("/x?r")).IsHit);
        site.Wait(17.5);
        Assert.False((await site.SendAsync("/x?q")).IsHit);
        var status = site.Cache.GetStatus();
        Assert.Equal((1, 3, 5), (status.Hits, status.Misses, status.HitBytes));
    }

    [Theory]
    [InlineData("Cache-Control: no-store, max-age=60")]
    [InlineData("Cache-Control: private, max-age=60")]
    [InlineData("ETag: \"a\"")]
    [InlineData("Cache-Control: max-age=60 | Set-Cookie: a=b")]
    [InlineData("Cache-Control: max-age=60 | Vary: *")]
    [InlineData("Cache-Control: max-age=60 | Vary: X-Forwarded-For")]
    public async Task What_may_not_be_kept_is_not(string fields)
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer(fields, "hello");
        for (var i = 1; i <= 3; i++)
        {
            var reply = await site.SendAsync();
            Assert.Equal(("hello", "skitaid; fwd=uri-miss"), (reply.Body, reply.Cache));
            Assert.Equal(i, site.Origin.Asked.Count);
        }

        Assert.Equal(0, site.Cache.GetStatus().Stored);
    }

    [Fact]
    public async Task HEAD_is_answered_with_what_is_kept_for_GET()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60", "hello");
        await site.SendAsync();
        var head = await site.SendAsync(method: "HEAD");
        Assert.True(head.IsHit);
        Assert.Equal(("5", ""), (head["Content-Length"], head.Body));
        Assert.Single(site.Origin.Asked);
    }

    [Fact]
    public async Task HEAD_on_a_miss_is_passed_on_and_not_kept()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60", "");
        await site.SendAsync(method: "HEAD");
        await site.SendAsync();
        Assert.Equal(["HEAD /", "GET /"], site.Origin.Asked);
    }

    [Fact]
    public async Task Answers_are_kept_by_the_fields_that_they_vary_by()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Script = (request, _) => Task.FromResult<Engine.Proxy.Upstream.MemberAnswer>(
            ScriptedAnswer.Whole("Cache-Control: max-age=60 | Vary: Foo, Accept-Encoding", request.Headers.Find("Foo") ?? "none"));
        Assert.Equal("1", (await site.SendAsync(fields: "Foo: 1 | Accept-Encoding: gzip, br")).Body);
        var other = await site.SendAsync(fields: "Foo: 2 | Accept-Encoding: gzip, br");
        Assert.Equal(("2", "skitaid; fwd=vary-miss; ttl=60; stored"), (other.Body, other.Cache));
        Assert.Equal("none", (await site.SendAsync(fields: "Accept-Encoding: gzip, br")).Body);

        Assert.Equal(("1", true), await AskAsync("Foo: 1 | Accept-Encoding: br;q=1.0,GZIP"));
        Assert.Equal(("2", true), await AskAsync("Foo: 2 | Accept-Encoding: gzip, br | Other: x"));
        Assert.Equal(("none", true), await AskAsync("Accept-Encoding: gzip, br"));
        Assert.Equal(("1", false), await AskAsync("Foo: 1"));
        Assert.Equal(4, site.Origin.Asked.Count);

        async Task<(string, bool)> AskAsync(string fields)
        {
            var reply = await site.SendAsync(fields: fields);
            return (reply.Body, reply.IsHit);
        }
    }

    [Theory]
    [InlineData("If-None-Match: \"a\"", 304)]
    [InlineData("If-None-Match: W/\"a\", \"b\"", 304)]
    [InlineData("If-None-Match: \"b\"", 200)]
    [InlineData("If-Modified-Since: Mon, 23 Nov 2026 08:00:00 GMT", 304)]
    [InlineData("If-Modified-Since: Mon, 23 Nov 2026 07:59:59 GMT", 200)]
    public async Task A_client_that_has_it_gets_304_on_a_hit_and_on_a_miss(string fields, int expected)
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60 | ETag: \"a\" | Last-Modified: Mon, 23 Nov 2026 08:00:00 GMT | Vary: Foo | Content-Type: a/b", "hello");
        for (var i = 0; i < 2; i++)
        {
            var reply = await site.SendAsync(fields: fields);
            Assert.Equal((expected, i == 1), (reply.Status, reply.IsHit));
            Assert.Equal(("\"a\"", "Foo", "max-age=60"), (reply["ETag"], reply["Vary"], reply["Cache-Control"]));
            Assert.Equal(expected == 200 ? ("hello", "a/b") : ("", null), (reply.Body, reply["Content-Type"]));
        }

        // The conditions were the client's, and not the origin's to see.
        Assert.Equal(["GET /"], site.Origin.Asked);
    }

    [Fact]
    public async Task Conditions_against_lost_updates_go_to_the_origin()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60 | ETag: \"a\"");
        await site.SendAsync();
        await site.SendAsync(fields: "If-Match: \"a\"");
        Assert.Equal(["GET /", "GET / If-Match=\"a\""], site.Origin.Asked);
    }

    [Theory]
    [InlineData("bytes=0-1", 206, "01", "bytes 0-1/10")]
    [InlineData("bytes=7-", 206, "789", "bytes 7-9/10")]
    [InlineData("bytes=-2", 206, "89", "bytes 8-9/10")]
    [InlineData("bytes=10-", 416, null, "bytes */10")]
    [InlineData("lines=1-2", 200, "0123456789", null)]
    public async Task A_range_is_cut_out_of_what_is_kept(string range, int status, string? body, string? contentRange)
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60 | ETag: \"a\" | Content-Type: a/b", "0123456789");
        await site.SendAsync();
        var reply = await site.SendAsync(fields: $"Range: {range}");
        Assert.Equal((status, contentRange, true), (reply.Status, reply["Content-Range"], reply.IsHit));
        if (body is not null)
        {
            Assert.Equal((body, $"{body.Length}"), (reply.Body, reply["Content-Length"]));
        }

        Assert.Single(site.Origin.Asked);
    }

    [Fact]
    public async Task Several_ranges_are_sent_as_one_multipart_body()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60 | Content-Type: a/b", "0123456789");
        await site.SendAsync();
        var reply = await site.SendAsync(fields: "Range: bytes=0-1,5-6");
        Assert.Equal(206, reply.Status);
        Assert.StartsWith("multipart/byteranges; boundary=", reply["Content-Type"], StringComparison.Ordinal);
        Assert.Contains("Content-Type: a/b\r\nContent-Range: bytes 5-6/10\r\n\r\n56\r\n", reply.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task If_Range_decides_whether_the_range_counts()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60 | ETag: \"a\"", "0123456789");
        await site.SendAsync();
        Assert.Equal(206, (await site.SendAsync(fields: "Range: bytes=0-1 | If-Range: \"a\"")).Status);
        Assert.Equal(200, (await site.SendAsync(fields: "Range: bytes=0-1 | If-Range: \"b\"")).Status);
    }

    [Fact]
    public async Task A_range_of_what_is_not_kept_is_the_origins()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60 | Content-Range: bytes 0-1/10", "01", 206);
        for (var i = 0; i < 2; i++)
        {
            var reply = await site.SendAsync(fields: "Range: bytes=0-1");
            Assert.Equal((206, "01", "skitaid; fwd=partial"), (reply.Status, reply.Body, reply.Cache));
        }

        Assert.Equal(["GET / Range=bytes=0-1", "GET / Range=bytes=0-1"], site.Origin.Asked);
    }

    [Fact]
    public async Task A_large_answer_comes_whole_from_the_member_and_from_the_cache()
    {
        await using var site = await CacheSite.StartAsync();
        var body = string.Concat(Enumerable.Range(0, 60_000).Select(i => $"{i:x5}"));
        site.Origin.Answer("Cache-Control: max-age=60", body);
        Assert.Equal(body, (await site.SendAsync()).Body);
        var hit = await site.SendAsync();
        Assert.True(hit.IsHit);
        Assert.Equal(body, hit.Body);
        Assert.Equal(body[65_000..200_001], (await site.SendAsync(fields: "Range: bytes=65000-200000")).Body);
    }

    [Theory]
    [InlineData("no-cache", true)]
    [InlineData("max-age=0", true)]
    [InlineData("max-age=5", true)]
    [InlineData("min-fresh=55", true)]
    [InlineData("no-store", false)]
    [InlineData("max-age=10", false)]
    [InlineData("only-if-cached", false)]
    [InlineData("max-stale=100", false)]
    public async Task A_request_may_want_the_origins_word(string control, bool asks)
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60", "hello");
        await site.SendAsync();
        site.Wait(10);
        var reply = await site.SendAsync(fields: $"Cache-Control: {control}");
        Assert.Equal((200, asks), (reply.Status, !reply.IsHit));
        Assert.Equal(asks ? 2 : 1, site.Origin.Asked.Count);
        if (asks)
        {
            Assert.StartsWith("skitaid; fwd=request", reply.Cache, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Only_if_cached_is_504_when_nothing_is()
    {
        await using var site = await CacheSite.StartAsync();
        Assert.Equal(504, (await site.SendAsync(fields: "Cache-Control: only-if-cached")).Status);
        site.Origin.Answer("Cache-Control: max-age=1");
        await site.SendAsync();
        site.Wait(5);
        Assert.Equal(504, (await site.SendAsync(fields: "Cache-Control: only-if-cached")).Status);
        Assert.Single(site.Origin.Asked);
    }

    [Fact]
    public async Task Fields_that_the_answer_withholds_are_for_the_first_one_only_if_at_all()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60, no-cache=\"X-Token\", private=\"X-User\" | X-Token: t | X-User: u | X-Other: o");
        await site.SendAsync();
        var hit = await site.SendAsync();
        Assert.Equal((true, null, null, "o"), (hit.IsHit, hit["X-Token"], hit["X-User"], hit["X-Other"]));
    }

    [Fact]
    public async Task An_answer_without_a_body_is_kept_too()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60 | X-A: 1", "", 204);
        Assert.Equal(204, (await site.SendAsync()).Status);
        var hit = await site.SendAsync();
        Assert.Equal((204, true, "1"), (hit.Status, hit.IsHit, hit["X-A"]));
    }

    [Fact]
    public async Task What_other_caches_say_stays()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Status: far; hit");
        Assert.Equal("far; hit, skitaid; fwd=uri-miss", (await site.SendAsync()).Cache);
        Assert.Equal("far; hit, skitaid; fwd=method", (await site.SendAsync(method: "POST")).Cache);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(300_000)]
    public async Task Over_HTTP_2_it_is_the_same(int size)
    {
        await using var site = await CacheSite.StartAsync();
        var body = new string('x', size);
        site.Origin.Answer("Cache-Control: max-age=60", body);
        for (var i = 0; i < 3; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Version = System.Net.HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var answer = await site.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(2, answer.Version.Major);
            Assert.Equal(body, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        Assert.Single(site.Origin.Asked);
    }
}
