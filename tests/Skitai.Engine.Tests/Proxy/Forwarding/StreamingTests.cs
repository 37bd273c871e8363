using System.Net;
using System.Text;
using Skitai.Engine.Tests.Hosting;
using Skitai.Engine.Tests.Proxy.Upstream;
using static Skitai.Engine.Tests.Proxy.Forwarding.ProxySite;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>Bodies go through as they come, both ways, by every HTTP version of the client.</summary>
public sealed class StreamingTests
{
    [Theory]
    [InlineData(false, false, false)]
    [InlineData(false, true, false)]
    [InlineData(true, false, false)]
    [InlineData(true, true, false)]
    [InlineData(false, false, true)]
    public async Task Server_sent_events_arrive_one_by_one(bool http2, bool tls, bool cache)
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member, cluster => cluster with { Cache = cache }, tls: tls);
        var asking = site.Http(http2).GetAsync(new Uri("/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Cancellation);
        using var peer = await member.AcceptAsync();
        Assert.StartsWith("GET /events HTTP/1.1\r\n", await peer.ReadHeadAsync());
        await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        using var answer = await asking; // before there is any event
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        await using var body = await answer.Content.ReadAsStreamAsync(Cancellation);
        var buffer = new byte[100];
        for (var number = 1; number <= 5; number++)
        {
            await peer.SendAsync($"9\r\ndata: {number}\n\n\r\n");
            Assert.Equal($"data: {number}\n\n", Encoding.ASCII.GetString(buffer, 0, await body.ReadAtLeastAsync(buffer.AsMemory(0, 9), 9, cancellationToken: Cancellation)));
        }

        await peer.SendAsync("0\r\n\r\n");
        Assert.Equal(0, await body.ReadAsync(buffer, Cancellation));
        await site.UntilQuietAsync();
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task An_upload_reaches_the_member_before_the_client_has_sent_the_rest(bool http2, bool hasLength)
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var upload = new PushedContent(hasLength ? 10 : -1);
        var asking = site.Http(http2).PostAsync(new Uri("/", UriKind.Relative), upload, Cancellation);
        upload.Push("hello");
        using var peer = await member.AcceptAsync();
        var head = await peer.ReadHeadAsync();
        Assert.Contains(hasLength ? "\r\nContent-Length: 10\r\n" : "\r\nTransfer-Encoding: chunked\r\n", head, StringComparison.Ordinal);
        Assert.Equal(hasLength ? "hello" : "5\r\nhello\r\n", await peer.ReadAsync(hasLength ? 5 : 10));
        upload.Push("world");
        Assert.Equal(hasLength ? "world" : "5\r\nworld\r\n", await peer.ReadAsync(hasLength ? 5 : 10));
        upload.End();
        Assert.Equal(hasLength ? "" : "0\r\n\r\n", await peer.ReadAsync(hasLength ? 0 : 5));
        await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        using var answer = await asking;
        Assert.Equal("ok", await answer.Content.ReadAsStringAsync(Cancellation));
        await site.UntilQuietAsync();
        Assert.Equal(1, site.Cluster.Members[0].Connections);
    }

    [Fact]
    public async Task An_answer_that_begins_before_the_upload_ends_flows_beside_it()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await site.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n");
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        Assert.Equal("1\r\n1\r\n", await peer.ReadAsync(6));
        await peer.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
        await client.ReadHeadAsync();
        Assert.Equal("1\r\na\r\n", await client.ReadAsync(6));
        for (var round = 0; round < 20; round++)
        {
            await client.SendAsync("1\r\n2\r\n");
            Assert.Equal("1\r\n2\r\n", await peer.ReadAsync(6));
            await peer.SendAsync("1\r\nb\r\n");
            Assert.Equal("1\r\nb\r\n", await client.ReadAsync(6));
        }

        await client.SendAsync("0\r\n\r\n");
        Assert.Equal("0\r\n\r\n", await peer.ReadAsync(5));
        await peer.SendAsync("0\r\n\r\n");
        Assert.Equal("0\r\n\r\n", await client.ReadAsync(5));
        await site.UntilQuietAsync();
        Assert.Equal(1, site.Cluster.Members[0].Connections);
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nETag: \"a\"\r\n\r\n", 200, "1234")]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: \"a\"\r\n\r\n", 200, null)]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\nETag: \"a\"\r\n\r\n", 204, null)]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 1234\r\n\r\n", 304, "1234")]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n", 304, null)]
    [InlineData("GET", "HTTP/1.1 205 Reset Content\r\nETag: \"a\"\r\nContent-Length: 0\r\n\r\n", 205, "0")]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 0\r\n\r\n", 200, "0")]
    public async Task An_answer_without_a_body_has_none_and_both_connections_stay(string method, string sent, int status, string? length)
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync($"{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync(sent);
        var answer = await client.ReadAsync(isHead: method == "HEAD" || status is 304);
        Assert.Equal((status, length, "\"a\""), (answer!.Status, answer["Content-Length"], answer["ETag"]));

        await client.SendAsync("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.StartsWith("GET /next ", await peer.ReadHeadAsync());
        await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext");
        Assert.Equal("next", (await client.ReadAsync())!.Body);
    }

    [Fact]
    public async Task What_a_205_brings_against_the_rules_goes_nowhere()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync("HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\nhello");
        var answer = await client.ReadAsync();
        Assert.Equal((205, "0"), (answer!.Status, answer["Content-Length"]));
    }

    [Theory]
    [InlineData("1.1", "Transfer-Encoding: chunked")]
    [InlineData("1.0", "Connection: close")]
    public async Task An_answer_without_a_length_ends_with_the_members_connection(string version, string framing)
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await site.ConnectAsync();
        await client.SendAsync($"GET / HTTP/{version}\r\nHost: a\r\n\r\n");
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nno length");
        Assert.Contains($"\r\n{framing}\r\n", await client.ReadHeadAsync(), StringComparison.Ordinal);
        await client.ReadThroughAsync("no length");
        peer.EndSending();
        if (version == "1.1")
        {
            await client.ReadThroughAsync("0\r\n\r\n");
        }
        else
        {
            await client.UntilClosedAsync();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Large_header_sections_go_through_both_ways(bool http2)
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Version = http2 ? HttpVersion.Version20 : HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        for (var number = 0; number < 10; number++)
        {
            request.Headers.Add($"X-Large-{number}", new string((char)('a' + number), 3100));
        }

        var asking = site.Http(http2).SendAsync(request, Cancellation);
        using var peer = await member.AcceptAsync();
        var head = await peer.ReadHeadAsync();
        Assert.All(Enumerable.Range(0, 10), number => Assert.Contains($"X-Large-{number}: {new string((char)('a' + number), 3100)}\r\n", head, StringComparison.OrdinalIgnoreCase));
        await peer.SendAsync($"HTTP/1.1 200 OK\r\n{string.Concat(Enumerable.Range(0, 15).Select(number => $"X-L{number}: {new string('x', 4000)}\r\n"))}Content-Length: 2\r\n\r\nok");
        using var answer = await asking;
        Assert.Equal("ok", await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.All(Enumerable.Range(0, 15), number => Assert.Equal(4000, answer.Headers.GetValues($"X-L{number}").Single().Length));
    }

    [Fact]
    public async Task A_header_section_beyond_64_kilobytes_from_a_member_is_a_bad_answer()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync($"HTTP/1.1 200 OK\r\nX: {new string('x', 70_000)}\r\n\r\n");
        Assert.Equal(502, (await client.ReadAsync())!.Status);
        Assert.Matches($"GET / gets 502: @m {member.Address}: its header section is longer than 65536 bytes", await site.UntilLoggedAsync("gets 502"));
    }

    [Fact]
    public async Task Fields_that_come_several_times_stay_apart_and_in_order()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await site.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nAccept: b\r\nX-A: 2, 3\r\nAccept: c\r\nX-A: 4\r\n\r\n");
        using var peer = await member.AcceptAsync();
        var lines = (await peer.ReadHeadAsync()).Split("\r\n");
        Assert.Equal(["X-A: 1", "X-A: 2, 3", "X-A: 4"], lines.Where(line => line.StartsWith("X-A", StringComparison.Ordinal)));
        Assert.Equal(["Accept: b", "Accept: c"], lines.Where(line => line.StartsWith("Accept", StringComparison.Ordinal)));
        await peer.SendAsync("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nLink: <1>\r\nSet-Cookie: b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT\r\nLink: <2>\r\nset-cookie: c=3\r\nContent-Length: 0\r\n\r\n");
        lines = (await client.ReadHeadAsync()).Split("\r\n");
        Assert.Equal(
            ["a=1", "b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT", "c=3"],
            lines.Where(line => line.StartsWith("Set-Cookie: ", StringComparison.OrdinalIgnoreCase)).Select(line => line[12..]));
        Assert.Equal(["Link: <1>", "Link: <2>"], lines.Where(line => line.StartsWith("Link", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Cookies_that_http2_splits_are_one_field_for_the_member()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Add("Cookie", "a=1");
        request.Headers.Add("Cookie", "b=2");
        var asking = site.Http(http2: true).SendAsync(request, Cancellation);
        using var peer = await member.AcceptAsync();
        Assert.Contains("\r\nCookie: a=1; b=2\r\n", await peer.ReadHeadAsync(), StringComparison.OrdinalIgnoreCase);
        await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        (await asking).Dispose();
    }

    [Fact]
    public async Task Bytes_beyond_ascii_in_fields_are_not_touched()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await site.ConnectAsync();
        const string bytes = "caf\u00c3\u00a9 \u00e9\u0080\u00ff";
        await client.SendAsync($"GET /?q=%C3%A9 HTTP/1.1\r\nHost: a\r\nX-A: {bytes}\r\n\r\n");
        using var peer = await member.AcceptAsync();
        var head = await peer.ReadHeadAsync();
        Assert.StartsWith("GET /?q=%C3%A9 HTTP/1.1\r\n", head);
        Assert.Contains($"\r\nX-A: {bytes}\r\n", head, StringComparison.Ordinal);
        await peer.SendAsync($"HTTP/1.1 200 OK\r\nX-B: {bytes}\r\nContent-Length: 0\r\n\r\n");
        Assert.Contains($"\r\nX-B: {bytes}\r\n", await client.ReadHeadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_streams_of_one_connection_share_few_connections_to_the_member_and_nothing_leaks()
    {
        await using var member = await KestrelMember.StartAsync(
            async context =>
            {
                await Task.Yield();
                await context.Response.Body.WriteAsync(Encoding.ASCII.GetBytes(context.Request.Path.Value!), Cancellation);
            },
            Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1);
        await using var site = await StartAsync([member.Address]);
        var http = site.Http(http2: true);
        for (var round = 0; round < 5; round++)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(number => http.GetStringAsync(new Uri($"/{number}", UriKind.Relative), Cancellation)));
            Assert.Equal(Enumerable.Range(0, 100).Select(number => $"/{number}"), answers);
        }

        await site.UntilQuietAsync();
        Assert.Equal(500, site.Cluster.Members[0].Requests);
        Assert.InRange(site.Cluster.Members[0].Connections, 1, 100);
    }
}
