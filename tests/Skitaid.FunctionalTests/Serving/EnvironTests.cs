using System.Text.Json;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Serving;

/// <summary>What an app sees of a request (PEP 3333, RFC 3875).</summary>
public sealed class EnvironTests
{
    [Fact]
    public async Task Path_and_query_are_split_and_decoded_as_the_PEP_says()
    {
        await using var daemon = new TestDaemon();
        var app = daemon.AddApp("environ_json");
        var port = await daemon.ServeAsync($"/ = {app}:app\n/a/b = {app}:app");

        Expect(await AskAsync(port, "GET / HTTP/1.1"), ("SCRIPT_NAME", ""), ("PATH_INFO", "/"), ("QUERY_STRING", ""), ("REQUEST_METHOD", "GET"));
        Expect(await AskAsync(port, "GET /a/b/ HTTP/1.1"), ("SCRIPT_NAME", "/a/b"), ("PATH_INFO", "/"));
        Expect(await AskAsync(port, "POST /a/b?q HTTP/1.1", "Content-Length: 0"), ("SCRIPT_NAME", "/a/b"), ("PATH_INFO", ""), ("QUERY_STRING", "q"));
        Expect(await AskAsync(port, "GET /a/bx HTTP/1.1"), ("SCRIPT_NAME", ""), ("PATH_INFO", "/a/bx"));
        Expect(await AskAsync(port, "GET /a/b/c/../d/./e HTTP/1.1"), ("SCRIPT_NAME", "/a/b"), ("PATH_INFO", "/d/e"));
        Expect(await AskAsync(port, "GET /x%20y?x%20y=%C3%A4+b HTTP/1.1"), ("PATH_INFO", "/x y"), ("QUERY_STRING", "x%20y=%C3%A4+b"));
        // UTF-8 bytes as latin-1 characters.
        Expect(await AskAsync(port, "GET /a/b/%C3%A4 HTTP/1.1"), ("PATH_INFO", "/\u00c3\u00a4"), ("REQUEST_URI", "/a/b/%C3%A4"));
    }

    [Fact]
    public async Task An_encoded_slash_is_the_apps_to_judge_and_its_raw_form_is_there()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"/a = {daemon.AddApp("environ_json")}:app");

        var environ = await AskAsync(port, "GET /a/one%2Ftwo HTTP/1.1");

        Expect(environ, ("SCRIPT_NAME", "/a"), ("PATH_INFO", "/one/two"), ("REQUEST_URI", "/a/one%2Ftwo"));
    }

    [Fact]
    public async Task Headers_become_variables_once_and_none_can_be_forged()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"/ = {daemon.AddApp("environ_json")}:app");

        var environ = await AskAsync(
            port, "POST / HTTP/1.1", "Content-Type: text/x", "Content-Length: 0", "X-Two: one", "X-Two: two", "Cookie: a=1", "Cookie: b=2",
            "Proxy: http://evil", "X_Forged: yes", "Remote_Addr: 6.6.6.6", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https", "X-Empty:");

        Expect(environ, ("CONTENT_TYPE", "text/x"), ("CONTENT_LENGTH", "0"), ("HTTP_X_TWO", "one, two"), ("HTTP_COOKIE", "a=1; b=2"));
        Expect(environ, ("REMOTE_ADDR", "127.0.0.1"), ("wsgi.url_scheme", "http"), ("HTTP_X_EMPTY", ""), ("HTTP_HOST", "localhost"));
        Expect(environ, ("SERVER_NAME", "localhost"), ("SERVER_PORT", "80"), ("SERVER_PROTOCOL", "HTTP/1.1"));
        foreach (var name in new[] { "HTTP_PROXY", "HTTP_X_FORGED", "HTTP_REMOTE_ADDR", "HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH" })
        {
            Assert.False(environ.TryGetProperty(name, out _), name);
        }
    }

    [Fact]
    public async Task A_chunked_body_leaves_no_transfer_encoding_behind()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"/ = {daemon.AddApp("environ_json")}:app");

        var environ = await AskAsync(port, "POST / HTTP/1.1", ["Transfer-Encoding: chunked"], "3\r\nabc\r\n0\r\n\r\n");

        Assert.False(environ.TryGetProperty("HTTP_TRANSFER_ENCODING", out _));
        Assert.True(environ.GetProperty("wsgi.input_terminated").GetBoolean());
    }

    [Fact]
    public async Task A_trusted_proxy_is_believed_and_nobody_else()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"/ = {daemon.AddApp("environ_json")}:app", "trusted_proxies = 127.0.0.0/8");

        var environ = await AskAsync(
            port, "GET / HTTP/1.1", "X-Forwarded-For: 6.6.6.6, 203.0.113.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop.example");

        Expect(environ, ("REMOTE_ADDR", "203.0.113.9"), ("wsgi.url_scheme", "https"), ("SERVER_NAME", "shop.example"), ("SERVER_PORT", "443"));
    }

    private static Task<JsonElement> AskAsync(int port, string line, params string[] headers) => AskAsync(port, line, headers, "");

    private static async Task<JsonElement> AskAsync(int port, string line, string[] headers, string body)
    {
        var answer = await RawClient.AskAsync(port, $"{line}\r\nHost: localhost\r\nConnection: close\r\n{string.Concat(headers.Select(header => header + "\r\n"))}\r\n{body}");
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
        return document.RootElement.Clone();
    }

    private static void Expect(JsonElement environ, params (string Name, string Value)[] expected)
    {
        foreach (var (name, value) in expected)
        {
            Assert.True(environ.TryGetProperty(name, out var found), $"{name} is not there: {environ}");
            Assert.Equal($"{name}={value}", $"{name}={found.GetString()}");
        }
    }
}
