using Skitai.Engine.Hosting;

namespace Skitai.Engine.Tests.Hosting;

/// <summary>Requests as bytes, and what they must meet.</summary>
public sealed class RequestCorpusTests : IAsyncLifetime
{
    private Instance _instance = null!;

    public async ValueTask InitializeAsync() => _instance = await TestInstances.StartAsync(
        new TextMount("/", exchange => exchange.Method == "POST"
            ? TextMount.CountAsync(exchange)
            : TextMount.WriteAsync(exchange, $"{exchange.Method} {exchange.Host}:{exchange.HostPort} {exchange.Path}?{exchange.Query}")),
        new Configuration.Settings.TuneSettings { MaxBodySize = 1000 });

    public async ValueTask DisposeAsync() => await _instance.DisposeAsync();

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET a:80 /?")]
    [InlineData("GET /a%20b?c=%20d HTTP/1.1\r\nHost: A.b:81\r\n\r\n", "GET a.b:81 /a b?c=%20d")]
    [InlineData("GET /a/./b/../c/%2e%2e/d HTTP/1.1\r\nHost: a.\r\n\r\n", "GET a:80 /a/d?")]
    [InlineData("GET /a%2fb/..%2f..%2fc HTTP/1.1\r\nHost: a\r\n\r\n", "GET a:80 /c?")]
    [InlineData("GET http://target.example:82/x?y HTTP/1.1\r\nHost: other\r\n\r\n", "GET target.example:82 /x?y")]
    [InlineData("GET http://target.example HTTP/1.1\r\nHost: target.example\r\n\r\n", "GET target.example:80 /?")]
    [InlineData("BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", "BREW a:80 /pot?")]
    [InlineData("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "GET [::1]:8080 /?")]
    [InlineData("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET a:80 /?")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Tab: a\tb\r\n\r\n", "GET a:80 /?")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "5")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nX-Trailer: t\r\n\r\n", "5")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n", "0")]
    public async Task Valid_requests_are_answered_and_the_connection_stays(string request, string body)
    {
        using var client = await RawClient.ConnectAsync(_instance.Address);
        await client.SendAsync(request);
        var answer = await client.ReadAsync();
        Assert.Equal((200, body), (answer!.Status, answer.Body));
        Assert.Equal("skitaid", answer["Server"]);
        Assert.NotNull(answer["Date"]);
        Assert.Null(answer["Connection"]);

        await client.SendAsync("GET /again HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal("GET a:80 /again?", (await client.ReadAsync())!.Body);
    }

    [Theory]
    // Host
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: [::zz]\r\n\r\n", 400)]
    [InlineData("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    // targets
    [InlineData("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET /% HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET /a\x01b HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET /caf\xe9 HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET a HTTP/1.1\r\nHost: a\r\n\r\n", 405)]
    // header section
    [InlineData("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX(Y: z\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX\xe9: z\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: y\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\nHost: a\n\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nno-colon\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n", 400)]
    [InlineData("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505)]
    [InlineData("GET / HTTP/1.11\r\nHost: a\r\n\r\n", 400)]
    [InlineData("GET /\r\n\r\n", 400)]
    [InlineData("G\xe9T / HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    [InlineData("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400)]
    // smuggling shapes
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -0\r\n\r\nhello", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\v\r\n\r\nhello", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\0\r\n\r\nhello", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 000000000000000000000000000005\r\n\r\nhello", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nhello", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a\nb\r\nhello\r\n0\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n", 400)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", 413)]
    public async Task Nonsense_is_refused_and_the_connection_closed(string request, int status)
    {
        using var client = await RawClient.ConnectAsync(_instance.Address);
        await client.SendAsync(request);
        var answer = await client.ReadAsync();
        Assert.Equal(status, answer!.Status);
        Assert.Equal("close", answer["Connection"]);
        client.EndSending();
        Assert.True(await client.IsClosedAsync());
    }

    [Theory]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 204)]
    [InlineData("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405)]
    [InlineData("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405)]
    [InlineData("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 405)]
    public async Task Methods_the_server_itself_answers_name_the_allowed_ones(string request, int status)
    {
        using var client = await RawClient.ConnectAsync(_instance.Address);
        await client.SendAsync(request);
        var answer = await client.ReadAsync();
        Assert.Equal(status, answer!.Status);
        Assert.NotNull(answer["Allow"]);
    }

    [Fact]
    public async Task A_chunked_body_that_outgrows_the_limit_is_refused_while_it_comes()
    {
        using var client = await RawClient.ConnectAsync(_instance.Address);
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n{new string('x', 1001)}\r\n0\r\n\r\n");
        var answer = await client.ReadAsync();
        Assert.Equal((413, "close"), (answer!.Status, answer["Connection"]));
        Assert.True(await client.IsClosedAsync());
    }

    [Fact]
    public async Task A_client_that_ends_its_side_after_the_request_gets_its_answer()
    {
        using var client = await RawClient.ConnectAsync(_instance.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        client.EndSending();
        Assert.Equal(200, (await client.ReadAsync())!.Status);
        Assert.True(await client.IsClosedAsync());
    }

    [Fact]
    public async Task A_head_answer_has_the_length_and_no_body()
    {
        using var client = await RawClient.ConnectAsync(_instance.Address);
        await client.SendAsync("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal("12", (await client.ReadAsync(isHead: true))!["Content-Length"]);
        Assert.Equal("GET a:80 /next?", (await client.ReadAsync())!.Body);
    }

    [Fact]
    public async Task Pipelined_requests_are_answered_in_order()
    {
        using var client = await RawClient.ConnectAsync(_instance.Address);
        await client.SendAsync(string.Concat(Enumerable.Range(0, 20).Select(number => $"GET /{number} HTTP/1.1\r\nHost: a\r\n\r\n")));
        for (var number = 0; number < 20; number++)
        {
            Assert.Equal($"GET a:80 /{number}?", (await client.ReadAsync())!.Body);
        }
    }

    [Theory]
    [InlineData("/", "/", "")]
    [InlineData("/?", "/", "")]
    [InlineData("/a?b?c", "/a", "b?c")]
    [InlineData("/..", "/", "")]
    [InlineData("/a/..", "/", "")]
    [InlineData("/a/.", "/a/", "")]
    [InlineData("/a//../b", "/a/b", "")]
    [InlineData("/%2e%2E/%2e/x", "/x", "")]
    [InlineData("/.well-known/x", "/.well-known/x", "")]
    [InlineData("/a.../b..c", "/a.../b..c", "")]
    [InlineData("/%252e%252e/x", "/%2e%2e/x", "")]
    [InlineData("/caf%C3%A9", "/caf\u00c3\u00a9", "")]
    [InlineData("HTTP://h?q", "/", "q")]
    [InlineData("/a\\..\\b", "/a\\..\\b", "")]
    public void A_path_has_one_form(string target, string path, string query)
    {
        Assert.True(RequestTarget.TryParse(target, out var foundPath, out var foundQuery));
        Assert.Equal((path, query), (foundPath, foundQuery));
    }
}
