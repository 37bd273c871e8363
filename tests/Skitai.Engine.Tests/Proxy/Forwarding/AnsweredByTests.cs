using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Skitai.Engine.Tests.Hosting;
using Skitai.Engine.Tests.Proxy.Upstream;
using static Skitai.Engine.Tests.Proxy.Forwarding.ProxySite;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>The last field of request.log says who answered.</summary>
public sealed class AnsweredByTests
{
    private int _lines;

    [Fact]
    public async Task It_is_the_member_that_answered_and_not_the_one_that_failed_before()
    {
        using var dead = new ScriptedMember();
        var gone = dead.Address;
        dead.Dispose();
        await using var well = await KestrelMember.StartAsync(context => context.Response.WriteAsync("ok"), HttpProtocols.Http1);
        await using var site = await StartAsync([gone, well.Address], cluster => cluster with { FailTimeout = TimeSpan.FromMilliseconds(1) });
        using var client = site.Http(http2: false);
        for (var round = 0; round < 5; round++)
        {
            Assert.Equal("ok", await client.GetStringAsync("/", Cancellation));
            Assert.Equal($"@m/{well.Address}", await LastAsync(site));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_the_member_that_could_not_answer_where_none_did(bool cache)
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member, cluster => cluster with { Cache = cache, Retries = 0 });
        using var client = site.Http(http2: false);
        var asking = client.GetAsync("/", Cancellation);
        using (var peer = await member.AcceptAsync())
        {
            await peer.ReadHeadAsync();
            await peer.SendAsync("nonsense\r\n\r\n");
            Assert.Equal(HttpStatusCode.BadGateway, (await asking).StatusCode);
        }

        Assert.Equal($"@m/{member.Address}", await LastAsync(site));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_the_member_that_a_client_waited_for_which_has_left(bool cache)
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member, cluster => cluster with { Cache = cache });
        using (var client = await site.ConnectAsync())
        {
            await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            using var peer = await member.AcceptAsync();
            await peer.ReadHeadAsync();
            client.Reset();
            Assert.Equal($"@m/{member.Address}", await LastAsync(site));
        }
    }

    [Fact]
    public async Task It_is_the_cache_where_that_did_without_the_member_or_in_its_place()
    {
        var control = "max-age=60";
        var member = await KestrelMember.StartAsync(
            context =>
            {
                context.Response.Headers.CacheControl = control;
                return context.Response.WriteAsync("ok");
            },
            HttpProtocols.Http1);
        await using var site = await StartAsync([member.Address], cluster => cluster with { Cache = true });
        using var client = site.Http(http2: false);
        foreach (var (path, fields, expected) in ((string, string, string)[])
            [("/a", "max-age=60", $"@m/{member.Address}"), ("/a", "", "cache"), ("/b", "no-store", $"@m/{member.Address}"), ("/b", "no-store", $"@m/{member.Address}"),
                ("/c", "max-age=0, stale-if-error=60", $"@m/{member.Address}")])
        {
            control = fields;
            Assert.Equal("ok", await client.GetStringAsync(path, Cancellation));
            Assert.Equal(expected, await LastAsync(site));
        }

        await member.DisposeAsync();
        Assert.Equal("ok", await client.GetStringAsync("/c", Cancellation));
        Assert.Equal("cache", await LastAsync(site));
        using var refused = await client.GetAsync("/d", Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal($"@m/{member.Address}", await LastAsync(site));
    }

    /// <summary>The last field of the next line.</summary>
    private async Task<string> LastAsync(ProxySite site)
    {
        var line = _lines++;
        await TestInstances.UntilAsync(() => site.ReadLog("request.log").Length > line + 1, "the request's line");
        return site.ReadLog("request.log")[line].Split(' ')[^1];
    }
}
