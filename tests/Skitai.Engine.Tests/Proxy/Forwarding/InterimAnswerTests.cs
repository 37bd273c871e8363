using Skitai.Engine.Tests.Hosting;
using Skitai.Engine.Tests.Proxy.Upstream;
using static Skitai.Engine.Tests.Proxy.Forwarding.ProxySite;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>1xx answers, and requests that wait for one.</summary>
public sealed class InterimAnswerTests
{
    private const string Hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.css>; rel=preload\r\n\r\n";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Early_hints_reach_an_http1_client_before_the_answer(bool tls)
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member, tls: tls);
        await using var client = await WireAsync(site, tls);
        for (var round = 0; round < 2; round++)
        {
            await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        }

        using var peer = await member.AcceptAsync();
        for (var round = 0; round < 2; round++)
        {
            await peer.ReadHeadAsync();
            await peer.SendAsync(Hints);
            Assert.Equal(Hints, await client.ReadHeadAsync());
            await peer.SendAsync("HTTP/1.1 102 Processing\r\n\r\n");
            Assert.Equal("HTTP/1.1 102 Processing\r\n\r\n", await client.ReadHeadAsync());
            await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 200 OK\r\n", await client.ReadHeadAsync());
        }
    }

    [Fact]
    public async Task An_http2_client_and_one_of_http10_get_the_answer_alone()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        var asking = site.Http(http2: true).GetStringAsync(new Uri("/", UriKind.Relative), Cancellation);
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync(Hints + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Assert.Equal("ok", await asking);

        using var old = await RawClient.ConnectAsync(site.Instance.Address);
        await old.SendAsync("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
        await peer.ReadHeadAsync();
        await peer.SendAsync(Hints + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Assert.Equal((200, "ok"), await old.ReadAsync() is { } answer ? (answer.Status, answer.Body) : default);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_member_decides_whether_the_body_is_sent(bool tls)
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member, tls: tls);
        await using var client = await WireAsync(site, tls);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        using var peer = await member.AcceptAsync();
        Assert.Contains("\r\nExpect: 100-continue\r\n", await peer.ReadHeadAsync(), StringComparison.Ordinal);
        await peer.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await client.ReadHeadAsync());
        await client.SendAsync("hello");
        Assert.Equal("hello", await peer.ReadAsync(5));
        await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await client.ReadHeadAsync());
    }

    [Theory]
    [InlineData(417)]
    [InlineData(413)]
    [InlineData(401)]
    public async Task An_answer_instead_of_100_reaches_the_client_that_sends_nothing(int status)
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await site.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n");
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync($"HTTP/1.1 {status} No\r\nContent-Length: 2\r\n\r\nno");
        Assert.StartsWith($"HTTP/1.1 {status} ", await client.ReadHeadAsync());
        Assert.Equal("no", await client.ReadAsync(2));
        await site.UntilQuietAsync();
        Assert.Contains($" {status} ", await RequestLineAsync(site), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_member_that_does_not_know_100_gets_the_body_after_a_second()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await site.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await client.ReadHeadAsync());
        await client.SendAsync("hello");
        Assert.Equal("hello", await peer.ReadAsync(5));
        await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await client.ReadHeadAsync());
    }

    private static async Task<string> RequestLineAsync(ProxySite site)
    {
        await TestInstances.UntilAsync(() => site.ReadLog("request.log").Any(line => line.Length > 0), "the request's line");
        return site.ReadLog("request.log")[0];
    }

    private static async Task<Wire> WireAsync(ProxySite site, bool tls) => await Wire.ConnectAsync(site.Instance.Address, tls);
}
