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
