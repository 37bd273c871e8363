using Microsoft.AspNetCore.Http;
using Skitai.Configuration.Settings;
using Skitai.Engine.Tests.Proxy.Upstream;
using static Skitai.Engine.Tests.Proxy.Forwarding.ProxySite;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>What comes behind a body.</summary>
public sealed class TrailerTests
{
    private const string Answer =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 17\r\nX-Sum: 18\r\nX-Caf\u0065: \u00e9\r\nTransfer-Encoding: gzip\r\n\r\n";

    [Fact]
    public async Task Those_of_an_answer_reach_an_http1_client_that_asks_for_them()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await site.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
        using var peer = await member.AcceptAsync();
        Assert.EndsWith("TE: trailers\r\nConnection: TE\r\n\r\n", await peer.ReadHeadAsync());
        await peer.SendAsync(Answer);
        Assert.Contains("\r\nTransfer-Encoding: chunked\r\n", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal("5\r\nhello\r\n0\r\nX-Sum: 17\r\nX-Sum: 18\r\nX-Cafe: \u00e9\r\n\r\n", await client.ReadThroughAsync("\r\n\r\n"));

        // The connection is as good as before.
        await client.SendAsync("GET /2 HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n");
        await peer.ReadHeadAsync();
        await peer.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        await client.ReadHeadAsync();
        Assert.Equal("0\r\n\r\n", await client.ReadThroughAsync("\r\n\r\n"));
    }

    [Fact]
    public async Task Others_get_the_answer_without()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await site.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        using var peer = await member.AcceptAsync();
        Assert.DoesNotContain("TE:", await peer.ReadHeadAsync(), StringComparison.Ordinal);
        await peer.SendAsync(Answer);
        await client.ReadHeadAsync();
        Assert.Equal("5\r\nhello\r\n0\r\n\r\n", await client.ReadThroughAsync("0\r\n\r\n"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Those_of_an_answer_reach_an_http2_client(bool hasLength)
    {
        await using var member = await KestrelMember.StartAsync(async context =>
        {
            context.Response.ContentLength = hasLength ? 5 : null;
            await context.Response.WriteAsync("hello", Cancellation);
            context.Response.AppendTrailer("X-Sum", "17");
        });
        await using var site = await StartAsync([member.Address], cluster => cluster with { Protocol = MemberProtocol.Http2 });
        using var answer = await site.Http(http2: true).GetAsync(new Uri("/", UriKind.Relative), Cancellation);
        Assert.Equal("hello", await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal("17", answer.TrailingHeaders.GetValues("X-Sum").Single());
    }

    [Fact]
    public async Task Those_of_a_chunked_request_reach_the_member()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await site.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 17\r\nX-Forwarded-For: 1.2.3.4\r\nContent-Length: 5\r\n\r\n");
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        Assert.Equal("5\r\nhello\r\n0\r\nX-Sum: 17\r\n\r\n", await peer.ReadThroughAsync("\r\n\r\n"));
        await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await client.ReadHeadAsync();
    }

    [Fact]
    public async Task A_head_answer_has_neither_body_nor_trailers()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await site.ConnectAsync();
        await client.SendAsync("HEAD / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        await peer.ReadHeadAsync();
        await peer.SendAsync("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 OK", await client.ReadHeadAsync());
        Assert.StartsWith("HTTP/1.1 201 Created", await client.ReadHeadAsync());
    }
}
