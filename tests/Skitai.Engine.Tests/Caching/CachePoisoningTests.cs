using System.Globalization;
using Skitai.Configuration.Settings;
using Skitai.Engine.Tests.Hosting;

namespace Skitai.Engine.Tests.Caching;

/// <summary>Nobody puts into the cache what others are not to get: one promise each.</summary>
public sealed class CachePoisoningTests
{
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a.example, b.example\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a.example@b.example\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a.example/b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a.example:80:81\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a.example:99999\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a.example b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("GET /a#b HTTP/1.1\r\nHost: a.example\r\n\r\n")]
    [InlineData("GET /a\0b HTTP/1.1\r\nHost: a.example\r\n\r\n")]
    [InlineData("GET /a\nb HTTP/1.1\r\nHost: a.example\r\n\r\n")]
    [InlineData("GET /a\x7f HTTP/1.1\r\nHost: a.example\r\n\r\n")]
    [InlineData("GET /a b HTTP/1.1\r\nHost: a.example\r\n\r\n")]
    [InlineData("GET /a%zz HTTP/1.1\r\nHost: a.example\r\n\r\n")]
    [InlineData("GET /a%00b HTTP/1.1\r\nHost: a.example\r\n\r\n")]
    [InlineData("GET http://user@a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n")]
    public async Task What_is_no_plain_request_never_comes_to_the_cache(string request)
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer("Cache-Control: max-age=60", "hello");
        using var client = await RawClient.ConnectAsync(site.Address);
        await client.SendAsync(request);
        Assert.Equal(400, (await client.ReadAsync())?.Status ?? 400);
        Assert.Empty(site.Origin.Asked);
        Assert.Equal(0, site.Cache.GetStatus().MemoryObjects);
    }

    [Fact]
    public async Task The_host_that_members_are_asked_for_is_the_one_in_the_key_in_its_spelling()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Script = (request, _) => Task.FromResult<Engine.Proxy.Upstream.MemberAnswer>(
            ScriptedAnswer.Whole("Cache-Control: max-age=60", $"{request.Authority}{request.Target}"));
        Assert.Equal("a.example/x", await AskAsync(site, "/x", "A.Example.:80"));
        Assert.Equal("a.example/x", await AskAsync(site, "/x", "a.example"));
        Assert.Equal("a.example:81/x", await AskAsync(site, "/x", "A.EXAMPLE:81"));
        Assert.Equal(2, site.Origin.Asked.Count);
    }

    [Fact]
    public async Task An_absolute_target_counts_for_its_own_host_whatever_Host_says()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Script = (request, _) => Task.FromResult<Engine.Proxy.Upstream.MemberAnswer>(
            ScriptedAnswer.Whole("Cache-Control: max-age=60", request.Authority));
        Assert.Equal("b.example", await AskAsync(site, "http://b.example/x", "a.example"));
        Assert.Equal("a.example", await AskAsync(site, "/x", "a.example"));
        Assert.Equal("b.example", await AskAsync(site, "/x", "b.example"));
        Assert.Equal(2, site.Origin.Asked.Count);
    }

    [Fact]
    public async Task A_line_end_in_a_path_ends_no_key()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Script = (request, _) => Task.FromResult<Engine.Proxy.Upstream.MemberAnswer>(
            ScriptedAnswer.Whole("Cache-Control: max-age=60 | Vary: Foo", $"{request.Target} {request.Headers.Find("Foo")}"));
        foreach (var (target, foo) in new[] { ("/a", "1\t"), ("/a%0A1", ""), ("/a%0a1", ""), ("/a%0D%0A1", ""), ("/a%091", ""), ("/a%201", "") })
        {
            Assert.StartsWith(target.ToUpperInvariant(), (await AskAsync(site, target, "a.example", $"Foo: {foo}")).ToUpperInvariant(), StringComparison.Ordinal);
        }

        Assert.Equal("/a 2", await AskAsync(site, "/a", "a.example", "Foo: 2"));
    }

    [Theory]
    [InlineData("Vary: *")]
    [InlineData("Vary: Foo, *")]
    [InlineData("Vary: Foo | Vary: *")]
    [InlineData("Vary: a b")]
    [InlineData("Vary: X-Forwarded-For")]
    [InlineData("Vary: a1,a2,a3,a4,a5,a6,a7,a8,a9,b1,b2,b3,b4,b5,b6,b7,b8,b9")]
    [InlineData("Set-Cookie: session=1")]
    [InlineData("Set-Cookie: session=1 | Cache-Control: public")]
    [InlineData("Age: 100")]
    [InlineData("Age: 99999999999999999999")]
    [InlineData("Date: Mon, 23 Nov 2026 08:00:00 GMT")]
    [InlineData("Cache-Control: max-age=30")]
    [InlineData("Cache-Control: private")]
    [InlineData("CDN-Cache-Control: no-store")]
    public async Task What_is_not_for_all_or_old_already_is_fetched_each_time(string fields)
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Script = (_, _) => Task.FromResult<Engine.Proxy.Upstream.MemberAnswer>(
            ScriptedAnswer.Whole(fields.Contains("max-age", StringComparison.Ordinal) ? $"{fields} | Cache-Control: max-age=0" : $"Cache-Control: max-age=60 | {fields}", $"{site.Origin.Asked.Count}"));
        for (var i = 1; i < 4; i++)
        {
            Assert.Equal($"{i}", (await site.SendAsync()).Body);
        }
    }

    [Theory]
    [InlineData("Date: Tue, 23 Nov 2027 09:00:00 GMT")]
    [InlineData("Date: nonsense")]
    [InlineData("Age: -5")]
    [InlineData("Age: nonsense")]
    [InlineData("Date: Mon, 23 Nov 2026 09:00:00 GMT | Age: 0")]
    public async Task Nonsense_about_its_age_makes_no_answer_fresh_for_longer(string fields)
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Answer($"Cache-Control: max-age=60 | {fields}", "hello");
        await site.SendAsync();
        site.Wait(59);
        Assert.True((await site.SendAsync()).IsHit);
        site.Wait(2);
        Assert.False((await site.SendAsync()).IsHit);
    }

    [Fact]
    public async Task A_field_selects_only_when_the_member_says_so()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Script = (request, _) => Task.FromResult<Engine.Proxy.Upstream.MemberAnswer>(
            ScriptedAnswer.Whole(request.Target == "/v" ? "Cache-Control: max-age=60 | Vary: X-Foo" : "Cache-Control: max-age=60", request.Headers.Find("X-Foo") ?? "none"));
        Assert.Equal("1", (await site.SendAsync("/v", "X-Foo: 1")).Body);
        Assert.Equal("2", (await site.SendAsync("/v", "X-Foo: 2")).Body);
        Assert.Equal("none", (await site.SendAsync("/v")).Body);
        Assert.Equal("1", (await site.SendAsync("/", "X-Foo: 1")).Body);
        Assert.Equal("1", (await site.SendAsync("/", "X-Foo: 2")).Body);
    }

    [Fact]
    public async Task Parts_and_heads_are_not_kept_as_the_whole()
    {
        await using var site = await CacheSite.StartAsync();
        site.Origin.Script = (request, _) => Task.FromResult<Engine.Proxy.Upstream.MemberAnswer>(
            request.Headers.Find("Range") is not null ? ScriptedAnswer.Whole("Cache-Control: max-age=60 | Content-Range: bytes 0-1/5", "he", 206)
            : request.Method == "HEAD" ? ScriptedAnswer.Whole("Cache-Control: max-age=60", "")
            : ScriptedAnswer.Whole("Cache-Control: max-age=60", "hello"));
        Assert.Equal((206, "he"), (await site.SendAsync(fields: "Range: bytes=0-1")) is var part ? (part.Status, part.Body) : default);
        await site.SendAsync(method: "HEAD");
        Assert.Equal("hello", (await site.SendAsync()).Body);
        Assert.Equal((206, "he", true), (await site.SendAsync(fields: "Range: bytes=0-1")) is var hit ? (hit.Status, hit.Body, hit.IsHit) : default);
    }

    [Fact]
    public async Task Huge_header_sections_are_counted_and_bounded()
    {
        const int memory = 1024 * 1024;
        await using var site = await CacheSite.StartAsync(memory);
        var fields = string.Join(" | ", Enumerable.Range(0, 20).Select(number => $"X-{number}: {new string('x', 1000)}"));
        site.Origin.Answer($"Cache-Control: max-age=60 | {fields}", "hello");
        for (var number = 0; number < 200; number++)
        {
            Assert.Equal("hello", (await site.SendAsync($"/{number}")).Body);
            var status = site.Cache.GetStatus();
            Assert.InRange(status.MemoryBytes, status.MemoryObjects * 20_000L, memory);
        }
    }

    [Fact]
    public async Task Members_hear_of_no_other_host_than_the_one_that_was_asked_for()
    {
        await using var member = await TestInstances.StartAsync(new TextMount("/", exchange =>
        {
            exchange.Response.Headers.CacheControl = "max-age=60";
            var asked = exchange.Request.Headers;
            return TextMount.WriteAsync(exchange, string.Create(
                CultureInfo.InvariantCulture, $"{asked.Host} {asked["X-Forwarded-Host"]} {asked["X-Forwarded-Proto"]} {asked["Forwarded"]}"));
        }));
        await using var front = await Instance.StartAsync(
            TestInstances.Settings() with
            {
                Clusters = [new ClusterSettings { Name = "@test", Members = [new ClusterMember("127.0.0.1", member.Address.Port)] }],
                Hosts = [new VirtualHostSettings([], [new MountSettings("/", new ClusterTarget("@test"), 1)])],
            },
            new InstanceEnvironment(),
            TestContext.Current.CancellationToken);
        foreach (var fields in new[] { "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nForwarded: host=evil.example\r\n", "X_Forwarded_Host: evil.example\r\n", "" })
        {
            using var client = await RawClient.ConnectAsync(front.Address);
            await client.SendAsync($"GET /x HTTP/1.1\r\nHost: A.example.\r\n{fields}\r\n");
            var answer = (await client.ReadAsync())!;
            Assert.StartsWith("a.example a.example http", answer.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("evil", answer.Body, StringComparison.Ordinal);
        }
    }

    private static async Task<string> AskAsync(CacheSite site, string target, string host, string field = "Foo: 0")
    {
        using var client = await RawClient.ConnectAsync(site.Address);
        await client.SendAsync($"GET {target} HTTP/1.1\r\nHost: {host}\r\n{field}\r\n\r\n");
        return (await client.ReadAsync())!.Body;
    }
}
