using Microsoft.AspNetCore.Http;
using Skitai.Engine.Tests.Hosting;
using Skitai.Engine.Tests.Proxy.Upstream;
using static Skitai.Engine.Tests.Proxy.Forwarding.ProxySite;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>What goes on, what ends here, and what is written by us.</summary>
public sealed class FieldTests
{
    private static async Task AskAsync(ProxySite site, string fields, string requestLine = "GET / HTTP/1.1")
    {
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync($"{requestLine}\r\nHost: www.a.example:81\r\n{fields}\r\n");
        Assert.Equal(200, (await client.ReadAsync())!.Status);
    }

    /// <summary>Without <c>keep-alive</c> or <c>close</c>: beside one of these Kestrel forgets all other names.</summary>
    [Fact]
    public async Task Fields_for_one_connection_end_here_and_those_that_connection_names()
    {
        await using var member = new RecordingMember();
        await using var site = await StartAsync([member.Address]);
        await AskAsync(
            site,
            "Connection: X-Mine, x-other\r\nX-Mine: 1\r\nX-Other: 2\r\nX-Theirs: 3\r\nKeep-Alive: 5\r\nTE: gzip\r\nTrailer: X\r\nProxy-Connection: x\r\n"
            + "Proxy-Authorization: secret\r\nProxy: http://evil\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nAuthorization: Basic x\r\nCookie: a=b\r\n");
        Assert.Equal(["3"], member.Last("X-Theirs"));
        Assert.Equal(["Basic x"], member.Last("Authorization"));
        Assert.Equal(["a=b"], member.Last("Cookie"));
        foreach (var name in new[] { "Connection", "X-Mine", "X-Other", "Keep-Alive", "TE", "Trailer", "Proxy-Connection", "Proxy-Authorization", "Proxy", "Upgrade", "HTTP2-Settings" })
        {
            Assert.Empty(member.Last(name));
        }

        Assert.Empty(member.Complaints);
    }

    [Fact]
    public async Task What_connection_names_cannot_take_away_what_is_ours()
    {
        await using var member = new RecordingMember();
        await using var site = await StartAsync([member.Address]);
        await AskAsync(site, "Connection: X-Forwarded-For, X-Gtxn-Id, Host, Via, close\r\n");
        Assert.Equal(["127.0.0.1"], member.Last("X-Forwarded-For"));
        Assert.Single(member.Last("X-Gtxn-Id"));
        Assert.Equal(["www.a.example:81"], member.Last("Host"));
        Assert.Equal(["1.1 skitaid"], member.Last("Via"));
    }

    private const string Spoof =
        "X-Forwarded-For: 1.2.3.4\r\nx-forwarded-for: 5.6.7.8\r\nX_Forwarded_For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\n"
        + "X-Forwarded-Port: 443\r\nX-Forwarded-Prefix: /evil\r\nX-Real-IP: 1.2.3.4\r\nx_real_ip: 6.6.6.6\r\nForwarded: for=1.2.3.4\r\n";

    [Fact]
    public async Task A_client_cannot_say_who_it_is()
    {
        await using var member = new RecordingMember();
        await using var site = await StartAsync([member.Address], cluster => cluster with { SendsForwarded = true });
        await AskAsync(site, Spoof);
        Assert.Equal(["127.0.0.1"], member.Last("X-Forwarded-For"));
        Assert.Equal(["http"], member.Last("X-Forwarded-Proto"));
        Assert.Equal(["www.a.example:81"], member.Last("X-Forwarded-Host"));
        Assert.Equal(["for=127.0.0.1;host=\"www.a.example:81\";proto=http"], member.Last("Forwarded"));
        foreach (var name in new[] { "X_Forwarded_For", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Real-IP", "x_real_ip" })
        {
            Assert.Empty(member.Last(name));
        }
    }

    [Fact]
    public async Task A_trusted_proxy_is_believed_and_we_are_added()
    {
        await using var member = new RecordingMember();
        await using var site = await StartAsync([member.Address], cluster => cluster with { SendsForwarded = true }, trusted: true);
        await AskAsync(site, Spoof);
        Assert.Equal(["1.2.3.4,5.6.7.8, 127.0.0.1"], member.Last("X-Forwarded-For"));
        Assert.Equal(["https"], member.Last("X-Forwarded-Proto"));
        Assert.Equal(["evil.example"], member.Last("X-Forwarded-Host"));
        Assert.Equal(["443"], member.Last("X-Forwarded-Port"));
        Assert.Equal(["1.2.3.4"], member.Last("X-Real-IP"));
        Assert.Equal(["for=1.2.3.4, for=127.0.0.1;host=\"evil.example\";proto=https"], member.Last("Forwarded"));
        Assert.Empty(member.Last("X_Forwarded_For"));
        Assert.Empty(member.Last("x_real_ip"));
    }

    [Fact]
    public async Task A_member_is_told_the_prefix_that_its_paths_have_for_the_client()
    {
        await using var member = new RecordingMember();
        await using var plain = await StartAsync([member.Address]);
        await AskAsync(plain, "");
        Assert.Empty(member.Last("X-Forwarded-Prefix"));

        await using var site = await StartAsync([member.Address], path: "/users");
        using var client = site.Http(http2: false);
        await client.GetAsync("/users/x", Cancellation);
        Assert.Equal(["/users"], member.Last("X-Forwarded-Prefix"));

        await using var inner = await StartAsync([member.Address], path: "/users", trusted: true);
        using var outer = inner.Http(http2: false);
        outer.DefaultRequestHeaders.Add("X-Forwarded-Prefix", "/outer/");
        await outer.GetAsync("/users/x", Cancellation);
        Assert.Equal(["/outer/users"], member.Last("X-Forwarded-Prefix"));
    }

    [Fact]
    public async Task Forwarded_goes_only_when_asked_for()
    {
        await using var member = new RecordingMember();
        await using var site = await StartAsync([member.Address]);
        await AskAsync(site, "Forwarded: for=1.2.3.4\r\n");
        Assert.Empty(member.Last("Forwarded"));
    }

    [Fact]
    public async Task Via_transaction_and_trace_go_on()
    {
        await using var member = new RecordingMember();
        await using var site = await StartAsync([member.Address]);
        const string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        await AskAsync(site, $"Via: 1.0 fred, 2 p\r\nVia: 1.1 q\r\nX-Gtxn-Id: GTID-1\r\nX-Ltxn-Id: 3000\r\ntraceparent: {trace}\r\ntracestate: a=b\r\n");
        Assert.Equal(["1.0 fred, 2 p, 1.1 q, 1.1 skitaid"], member.Last("Via"));
        Assert.Equal(["GTID-1"], member.Last("X-Gtxn-Id"));
        Assert.Equal(["4000"], member.Last("X-Ltxn-Id"));
        Assert.Equal([trace], member.Last("traceparent"));
        Assert.Equal(["a=b"], member.Last("tracestate"));

        await AskAsync(site, "x_gtxn_id: spoof\r\n");
        Assert.StartsWith("GTID-", member.Last("X-Gtxn-Id").Single());
        Assert.Equal(["1000"], member.Last("X-Ltxn-Id"));
        Assert.Empty(member.Last("x_gtxn_id"));
    }

    [Fact]
    public async Task A_request_that_goes_round_in_circles_is_508()
    {
        await using var member = new RecordingMember();
        await using var site = await StartAsync([member.Address]);
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Gtxn-Id: GTID-1\r\nX-Ltxn-Id: 49000\r\n\r\n");
        Assert.Equal(200, (await client.ReadAsync())!.Status);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Gtxn-Id: GTID-1\r\nX-Ltxn-Id: 50000\r\n\r\n");
        Assert.Equal(508, (await client.ReadAsync())!.Status);
        Assert.Single(member.Heads);
    }

    [Fact]
    public async Task Members_get_the_clients_host_or_their_own()
    {
        await using var member = new RecordingMember();
        await using (var site = await StartAsync([member.Address], cluster => cluster with { SendsMemberHost = true }))
        {
            await AskAsync(site, "");
            Assert.Equal([$"127.0.0.1:{member.Address.Port}"], member.Last("Host"));
            Assert.Equal(["www.a.example:81"], member.Last("X-Forwarded-Host"));
        }

        await using (var site = await StartAsync([member.Address]))
        {
            await AskAsync(site, "", "GET http://other.example/x?y HTTP/1.1");
            Assert.Equal("GET /x?y HTTP/1.1", member.Lines.Last());
            Assert.Empty(member.Complaints);
        }
    }

    [Theory]
    [InlineData("GET /users HTTP/1.1", "GET / HTTP/1.1")]
    [InlineData("GET /users/ HTTP/1.1", "GET / HTTP/1.1")]
    [InlineData("GET /users/a%2Fb?c=%20#d HTTP/1.1", null)]
    [InlineData("GET /users/a%2Fb?c=%20 HTTP/1.1", "GET /a%2Fb?c=%20 HTTP/1.1")]
    [InlineData("GET /users/x/../../users//b HTTP/1.1", "GET //b HTTP/1.1")]
    [InlineData("OPTIONS /users HTTP/1.1", "OPTIONS / HTTP/1.1")]
    [InlineData("GET /users/../admin HTTP/1.1", null)]
    [InlineData("GET /users/%2e%2e/admin HTTP/1.1", null)]
    [InlineData("GET /usersx HTTP/1.1", null)]
    public async Task The_mounts_path_is_taken_off(string asked, string? got)
    {
        await using var member = new RecordingMember();
        await using var site = await StartAsync([member.Address], path: "/users");
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync($"{asked}\r\nHost: a\r\n\r\n");
        var answer = await client.ReadAsync();
        Assert.Equal(got is not null, answer!.Status == 200);
        Assert.Equal(got, member.Lines.LastOrDefault());
    }

    [Fact]
    public async Task What_an_answer_says_of_its_own_place_is_made_true_for_the_client()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member, path: "/users");
        using var client = await site.ConnectAsync();
        await client.SendAsync("GET /users/x HTTP/1.1\r\nHost: www.a.example\r\n\r\n");
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync(
            $"HTTP/1.1 302 Found\r\nLocation: http://{member.Address}/login?a#b\r\nContent-Location: /y\r\nSet-Cookie: a=1; Path=/; Secure\r\nSet-Cookie: b=2\r\nServer: secret/1.0\r\n"
            + "Connection: X-Private\r\nX-Private: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nDate: Wed, 21 Oct 2015 07:28:00 GMT\r\nContent-Length: 0\r\n\r\n");
        var lines = (await client.ReadHeadAsync()).Split("\r\n");
        Assert.Contains("Location: http://www.a.example/users/login?a#b", lines);
        Assert.Contains("Content-Location: /users/y", lines);
        Assert.Contains("Set-Cookie: a=1; Path=/users/; Secure", lines);
        Assert.Contains("Set-Cookie: b=2", lines);
        Assert.Contains("Date: Wed, 21 Oct 2015 07:28:00 GMT", lines);
        Assert.Equal(["Server: skitaid"], lines.Where(line => line.StartsWith("Server", StringComparison.Ordinal)));
        Assert.DoesNotContain(lines, line => line.StartsWith("X-Private", StringComparison.Ordinal) || line.StartsWith("Keep-Alive", StringComparison.Ordinal) || line.StartsWith("Connection", StringComparison.Ordinal) || line.StartsWith("Proxy-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_sticky_client_stays_with_its_member_until_that_is_drained_or_gone()
    {
        static RequestDelegate Named(string name) => context => context.Response.WriteAsync(name, Cancellation);
        await using var one = await KestrelMember.StartAsync(Named("one"), Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1);
        await using var two = await KestrelMember.StartAsync(Named("two"), Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1);
        await using var site = await StartAsync([one.Address, two.Address], cluster => cluster with { Sticky = true });
        var http = site.Http(http2: false);
        using var first = await http.GetAsync(new Uri("/", UriKind.Relative), Cancellation);
        var mine = await first.Content.ReadAsStringAsync(Cancellation);
        var cookie = first.Headers.GetValues("Set-Cookie").Single();
        Assert.Matches("^skitaid-m=[^;]+; Path=/; HttpOnly; SameSite=Lax$", cookie);
        http.DefaultRequestHeaders.Add("Cookie", "x=y; " + cookie.Split(';')[0]);
        for (var round = 0; round < 20; round++)
        {
            using var next = await http.GetAsync(new Uri("/", UriKind.Relative), Cancellation);
            Assert.Equal(mine, await next.Content.ReadAsStringAsync(Cancellation));
            Assert.False(next.Headers.Contains("Set-Cookie"));
        }

        var port = (mine == "one" ? one : two).Address.Port;
        Assert.Null(site.Instance.OrderMember(new DrainedMember("@m", $"127.0.0.1:{port}"), drained: true));
        using var moved = await http.GetAsync(new Uri("/", UriKind.Relative), Cancellation);
        Assert.NotEqual(mine, await moved.Content.ReadAsStringAsync(Cancellation));
        Assert.Single(moved.Headers.GetValues("Set-Cookie"));

        Assert.Null(site.Instance.OrderMember(new DrainedMember("@m", $"127.0.0.1:{port}"), drained: false));
        using var back = await http.GetAsync(new Uri("/", UriKind.Relative), Cancellation);
        Assert.Equal(mine, await back.Content.ReadAsStringAsync(Cancellation));
    }
}
