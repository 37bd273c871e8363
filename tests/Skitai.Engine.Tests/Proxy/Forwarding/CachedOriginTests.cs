using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Skitai.Engine.Tests.Proxy.Upstream;
using static Skitai.Engine.Tests.Proxy.Forwarding.ProxySite;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>Requests that the cache sends, more than once perhaps, and that belong to no client.</summary>
public sealed class CachedOriginTests
{
    /// <summary>A 304 about something else has the whole asked for, of the only member that there is.</summary>
    [Fact]
    public async Task The_same_member_may_be_asked_again()
    {
        var asked = new List<string>();
        await using var member = await KestrelMember.StartAsync(
            async context =>
            {
                asked.Add(context.Request.Headers.IfNoneMatch.ToString());
                context.Response.Headers.CacheControl = "max-age=0, must-revalidate";
                context.Response.Headers.ETag = asked.Count == 1 ? "\"one\"" : "\"two\"";
                if (asked.Count == 2)
                {
                    context.Response.StatusCode = 304;
                    return;
                }

                await context.Response.WriteAsync($"body {asked.Count}", Cancellation);
            },
            HttpProtocols.Http1);
        await using var site = await StartAsync([member.Address], cluster => cluster with { Cache = true });
        var http = site.Http(http2: false);
        Assert.Equal("body 1", await http.GetStringAsync(new Uri("/", UriKind.Relative), Cancellation));
        Assert.Equal("body 3", await http.GetStringAsync(new Uri("/", UriKind.Relative), Cancellation));
        Assert.Equal(["", "\"one\"", ""], asked);
        await site.UntilQuietAsync();
    }

    /// <summary>Its links may have the prefix, and those of a kept answer have not.</summary>
    [Fact]
    public async Task A_trusted_proxys_prefix_passes_the_cache_by_and_a_strangers_does_not_count()
    {
        await using var member = await KestrelMember.StartAsync(
            context =>
            {
                context.Response.Headers.CacheControl = "max-age=60";
                return context.Response.WriteAsync($"<a href='{context.Request.Headers["X-Forwarded-Prefix"]}/'>", Cancellation);
            },
            HttpProtocols.Http1);
        foreach (var trusted in (bool[])[true, false])
        {
            await using var site = await StartAsync([member.Address], cluster => cluster with { Cache = true }, trusted: trusted);
            using var client = site.Http(http2: false);
            Assert.Equal(("<a href='/'>", "fwd=uri-miss"), await AskAsync(client, null));
            Assert.Equal(("<a href='/'>", "hit"), await AskAsync(client, null));
            Assert.Equal(trusted ? ("<a href='/shop/'>", "fwd=bypass") : ("<a href='/'>", "hit"), await AskAsync(client, "/shop"));
            Assert.Equal(("<a href='/'>", "hit"), await AskAsync(client, null));
        }

        static async Task<(string Body, string Status)> AskAsync(HttpClient client, string? prefix)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/x", UriKind.Relative));
            if (prefix is not null)
            {
                request.Headers.Add("X-Forwarded-Prefix", prefix);
            }

            using var answer = await client.SendAsync(request, Cancellation);
            return (await answer.Content.ReadAsStringAsync(Cancellation), answer.Headers.GetValues("Cache-Status").Single().Split(';')[1].Trim());
        }
    }

    [Fact]
    public async Task The_log_tells_of_a_member_that_is_gone_when_a_kept_answer_is_used_in_its_place()
    {
        var member = await KestrelMember.StartAsync(
            context =>
            {
                context.Response.Headers.CacheControl = "max-age=0, stale-if-error=60";
                return context.Response.WriteAsync("kept");
            },
            HttpProtocols.Http1);
        await using var site = await StartAsync([member.Address], cluster => cluster with { Cache = true });
        using var client = site.Http(http2: false);
        Assert.Equal("kept", await client.GetStringAsync("/x", Cancellation));
        await member.DisposeAsync();
        Assert.Equal("kept", await client.GetStringAsync("/x", Cancellation));
        await site.UntilLoggedAsync($"@m {member.Address}: cannot connect: connection refused; the kept answer to http://{site.Instance.Address}/x is used while it may be");
        Assert.DoesNotContain(site.ReadLog("server.log"), line => line.Contains("gets 50", StringComparison.Ordinal));
    }

    /// <summary>A member whose trial is answered 503 is tried again after that.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_member_that_is_tried_and_not_well_yet_comes_back_when_it_is(bool cache)
    {
        var does = "well";
        await using var one = await KestrelMember.StartAsync(
            async context =>
            {
                switch (Volatile.Read(ref does))
                {
                    case "breaks":
                        context.Abort();
                        break;
                    case "503":
                        context.Response.StatusCode = 503;
                        break;
                    default:
                        await context.Response.WriteAsync("one", Cancellation);
                        break;
                }
            },
            HttpProtocols.Http1);
        await using var two = await KestrelMember.StartAsync(context => context.Response.WriteAsync("two", Cancellation), HttpProtocols.Http1);
        await using var site = await StartAsync([one.Address, two.Address], cluster => cluster with { Cache = cache, FailTimeout = TimeSpan.FromMilliseconds(100) });
        var http = site.Http(http2: false);
        async Task UntilAsync(string what, Func<MemberStatus, bool> condition)
        {
            var end = Environment.TickCount64 + 15_000;
            while (!condition(site.Cluster.Members[0]))
            {
                Assert.True(Environment.TickCount64 < end, $"waited in vain for: {what}");
                using var answer = await http.GetAsync(new Uri($"/{Guid.NewGuid()}", UriKind.Relative), Cancellation);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                await Task.Delay(5, Cancellation);
            }
        }

        Volatile.Write(ref does, "breaks");
        await UntilAsync("it to be down", member => member.State is "down" or "trial");
        Volatile.Write(ref does, "503");
        var before = site.Cluster.Members[0].Requests;
        await UntilAsync("two trials", member => member.Requests >= before + 2);
        Volatile.Write(ref does, "well");
        await UntilAsync("it to be back", member => member.State == "up");
        await site.UntilQuietAsync();
    }
}
