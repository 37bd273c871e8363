using System.Net;
using System.Text;
using System.Text.Json;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.CommandLine;

/// <summary><c>skitaid explain</c> against the daemon: what it says is what a client meets.</summary>
public sealed class ExplainTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_explain_says_is_what_the_daemon_does()
    {
        await using var daemon = new TestDaemon();
        MakeFiles(daemon);
        var port = await daemon.ServeAsync($"""
            / = {daemon.WebPath}
            / = {Say(daemon, "root")}:app
            /files = {daemon.WebPath}
            /users = {Say(daemon, "users")}:app
            /users/deep = {Say(daemon, "deep")}:app
            /both = {daemon.WebPath}/docs
            /both = {daemon.WebPath}/more
            @ www.a.com a.com
            / = {daemon.WebPath}
            @ .b.com
            /app = {Say(daemon, "suffix")}:app
            @ *.c.com
            / = {Say(daemon, "below")}:app
            @ .x.b.com
            / = {Say(daemon, "longer")}:app
            """);
        (string Method, string Host, string Target)[] requests =
        [
            // Paths: segments, the longest first, SCRIPT_NAME and PATH_INFO.
            ("GET", "other", "/"), ("GET", "other", "/page.html"), ("HEAD", "other", "/page.html"), ("GET", "other", "/nothing?q=1"),
            ("GET", "other", "/users/1?a=1&b=%2F"), ("GET", "other", "/usersx"), ("GET", "other", "/users/deeper"), ("GET", "other", "/users/deep/x"),
            ("GET", "other", "/users"), ("GET", "other", "/users?a=1"), ("HEAD", "other", "/users/deep"), ("POST", "other", "/users"), ("DELETE", "other", "/users/1"),

            // One form of a path.
            ("GET", "other", "/users/../page.html"), ("GET", "other", "/%75sers/%31"), ("GET", "other", "/users%2Fdeep/x"), ("GET", "other", "/x/%2e%2e/users/1"),
            ("GET", "other", "/users/."), ("GET", "other", "/%zz"), ("GET", "other", "/a%00b"), ("GET", "other", "/%C3%A4.txt"), ("GET", "other", "//users/1"),
            ("GET", "other", "/users//1"), ("GET", "other", "/Users/1"),

            // Files: index files, directories, what is refused.
            ("GET", "www.a.com", "/docs"), ("GET", "www.a.com", "/docs?x=1"), ("GET", "www.a.com", "/docs/"), ("GET", "www.a.com", "/more/"), ("GET", "www.a.com", "/empty"),
            ("GET", "www.a.com", "/empty/"), ("GET", "www.a.com", "/.env"), ("GET", "www.a.com", "/.well-known/x"), ("GET", "www.a.com", "/out.txt"), ("GET", "www.a.com", "/in.txt"),
            ("GET", "www.a.com", "/big.bin"), ("GET", "www.a.com", "/page.html/x"), ("GET", "www.a.com", "/docs//index.html"), ("GET", "www.a.com", "/a%5Cb"),
            ("POST", "www.a.com", "/page.html"), ("PUT", "www.a.com", "/nothing"), ("OPTIONS", "www.a.com", "/page.html"), ("get", "www.a.com", "/page.html"), ("TRACE", "www.a.com", "/page.html"),
            ("GET", "other", "/.env"), ("GET", "other", "/files"), ("GET", "other", "/files/nothing"), ("POST", "other", "/files/page.html"), ("GET", "other", "/both/only.txt"),

            // Hosts.
            ("GET", "A.COM.", "/page.html"), ("GET", "b.a.com", "/x"), ("GET", "b.com", "/app/x"), ("GET", "b.com", "/x"), ("GET", "y.x.b.com", "/x"), ("GET", "z.b.com", "/app"),
            ("GET", "c.com", "/x"), ("GET", "d.c.com", "/x"), ("GET", "127.0.0.1", "/x"),
        ];
        foreach (var (method, host, target) in requests)
        {
            var url = $"http://{host}:{port}{target}";
            var said = await ExplainAsync(daemon, method, url);
            var answer = await RawClient.AskAsync(port, $"{method} {target} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            await CompareAsync($"{method} {url}", method, said, answer);
        }
    }

    [Fact]
    public async Task Over_TLS_it_tells_the_certificate_and_what_HTTP2_makes_of_an_unknown_name()
    {
        await using var daemon = new TestDaemon();
        using var certificates = new TestCertificates(daemon.Root);
        var (own, ownKey) = certificates.Write("www.a.com");
        var (other, otherKey) = certificates.Write("fallback");
        var port = await daemon.ServeAsync(
            $"@ www.a.com\n/ = {daemon.WebPath}",
            more: $"[ssl]\nenable_ssl = yes\ncertfile = {other}\nkeyfile = {otherKey}\n[certificates:line]\n.a.com = {own}, {ownKey}");

        var (_, known) = await ExplainAsync(daemon, "GET", $"https://www.a.com:{port}/");
        Assert.Equal((200, own), (known.GetProperty("status").GetInt32(), known.GetProperty("certificate").GetProperty("file").GetString()));
        Assert.False(known.GetProperty("certificate").TryGetProperty("problem", out _));
        Assert.Equal((HttpStatusCode.OK, "CN=www.a.com"), await AskTlsAsync(port, "www.a.com", HttpVersion.Version20));

        var (exit, unknown) = await ExplainAsync(daemon, "GET", $"https://b.com:{port}/");
        Assert.Equal(1, exit);
        Assert.Equal(other, unknown.GetProperty("certificate").GetProperty("file").GetString());
        Assert.Contains("not made out for b.com", unknown.GetProperty("certificate").GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.Equal(((HttpStatusCode)unknown.GetProperty("status").GetInt32(), "CN=fallback"), await AskTlsAsync(port, "b.com", HttpVersion.Version11));
        Assert.Equal(((HttpStatusCode)unknown.GetProperty("status_over_http2").GetInt32(), "CN=fallback"), await AskTlsAsync(port, "b.com", HttpVersion.Version20));

        var wrong = await daemon.RunAsync("explain", $"http://www.a.com:{port}/");
        Assert.Equal((1, $"skitaid: example speaks https on port {port}, not http: such a request gets 400; ask for https://www.a.com:{port}/\n"), (wrong.ExitCode, wrong.All));
        Assert.StartsWith("HTTP/1.1 400 ", await RawClient.AskAsync(port, "GET / HTTP/1.1\r\nHost: www.a.com\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_needs_no_daemon_and_a_name_restricts_it_to_one_conf()
    {
        await using var daemon = new TestDaemon();
        var (one, two) = (daemon.WriteStaticConf("one"), daemon.WriteStaticConf("two"));

        var both = await daemon.RunAsync("explain", "/");
        Assert.Equal(0, both.ExitCode);
        Assert.Contains($"GET http://127.0.0.1:{one}/\n", both.Output, StringComparison.Ordinal);
        Assert.Contains($"GET http://127.0.0.1:{two}/\n", both.Output, StringComparison.Ordinal);
        Assert.Contains($"answer     200 OK: the file {daemon.WebPath}/index.html (5 bytes, text/html; charset=utf-8)\n", both.Output, StringComparison.Ordinal);

        var single = await daemon.RunAsync("-f", "two", "explain", "/nothing");
        Assert.Equal(1, single.ExitCode);
        Assert.DoesNotContain("one.conf", single.All, StringComparison.Ordinal);
        var elsewhere = await daemon.RunAsync("-f", "two", "explain", $"http://localhost:{one}/");
        Assert.Equal((1, $"skitaid: nothing listens on port {one}; there is two on http://127.0.0.1:{two}\n"), (elsewhere.ExitCode, elsewhere.All));

        // A broken conf: what `test` says of it; a whole one beside it can still be asked.
        daemon.WriteConf("one", "[server]\nport = abc\n");
        var broken = await daemon.RunAsync("explain", "/");
        Assert.Equal((2, "", (await daemon.RunAsync("test")).Errors), (broken.ExitCode, broken.Output, broken.Errors));
        Assert.Equal(0, (await daemon.RunAsync("-f", "two", "explain", "/")).ExitCode);
        Assert.Equal(2, (await daemon.RunAsync("-f", "three", "explain", "/")).ExitCode);
        Assert.Equal(2, (await daemon.RunAsync("explain")).ExitCode);
        Assert.Empty(daemon.Processes());
        Assert.False(Directory.Exists(daemon.VarPath));
    }

    /// <summary>Status, target of a redirect, allowed methods, and who has answered: the app with that environ, or that file.</summary>
    private static async Task CompareAsync(string request, string method, (int Exit, JsonElement Said) explained, string answer)
    {
        var (head, body) = (answer[..answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)], answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
        var status = int.Parse(head.Split(' ')[1]);
        var said = explained.Said;
        var why = $"{request}\nsaid {said}\ngot {answer[..Math.Min(answer.Length, 2000)]}";
        Assert.True(explained.Exit == (status < 400 ? 0 : 1), why);
        if (said.TryGetProperty("app", out var app))
        {
            // What the apps here answer: name, SCRIPT_NAME, PATH_INFO, QUERY_STRING.
            var name = Path.GetFileNameWithoutExtension(app.GetProperty("module_file").GetString());
            var line = said.GetProperty("mounts").EnumerateArray().Single(mount => mount.GetProperty("line").GetInt32() == said.GetProperty("answered_by").GetInt32());
            Assert.True(line.GetProperty("target").GetString()!.EndsWith($"/{name}:app", StringComparison.Ordinal), why);
            Assert.True(status == 200, why);
            var expected = $"{name}|{app.GetProperty("script_name").GetString()}|{app.GetProperty("path_info").GetString()}|{said.GetProperty("query").GetString()}";
            Assert.True(Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(body)) == (method == "HEAD" ? "" : expected), why);
            return;
        }

        Assert.True(said.GetProperty("status").GetInt32() == status, why);
        Assert.True(said.TryGetProperty("location", out var location) == (Header(head, "Location") is not null), why);
        Assert.True((location.ValueKind == JsonValueKind.Undefined ? null : location.GetString()) == Header(head, "Location"), why);
        Assert.True((said.TryGetProperty("allow", out var allow) ? allow.GetString() : null) == Header(head, "Allow"), why);
        Assert.True(said.TryGetProperty("file", out var file) == (status == 200), why);
        if (status == 200)
        {
            var content = await File.ReadAllTextAsync(file.GetProperty("path").GetString()!, Encoding.Latin1, Cancellation);
            Assert.True(body == (method == "HEAD" ? "" : content), why);
            Assert.True(file.GetProperty("size").GetInt64() == content.Length, why);
            Assert.True(file.GetProperty("content_type").GetString() == Header(head, "Content-Type"), why);
        }
    }

    private static string? Header(string head, string name) =>
        head.Split("\r\n").FirstOrDefault(line => line.StartsWith(name + ": ", StringComparison.OrdinalIgnoreCase))?[(name.Length + 2)..];

    private static async Task<(int Exit, JsonElement Said)> ExplainAsync(TestDaemon daemon, string method, string url)
    {
        var result = await daemon.RunAsync("explain", url, "--method", method, "--json");
        Assert.True(result.Output.Length > 0, $"{url}: {result}");
        using var document = JsonDocument.Parse(result.Output);
        Assert.False(document.RootElement.TryGetProperty("problem", out var problem), $"{url}: {problem}");
        return (result.ExitCode, Assert.Single(document.RootElement.GetProperty("explanations").EnumerateArray()).Clone());
    }

    /// <summary>The status, and the subject of the certificate that the handshake gave.</summary>
    private static async Task<(HttpStatusCode Status, string? Subject)> AskTlsAsync(int port, string host, Version version)
    {
        string? subject = null;
        using var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) => (await RawClient.ConnectAsync(port)).Stream,
            SslOptions =
            {
                TargetHost = host,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => (subject = certificate?.Subject) is not null,
            },
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://{host}:{port}/") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await client.SendAsync(request, Cancellation);
        return (answer.StatusCode, subject);
    }

    private static void MakeFiles(TestDaemon daemon)
    {
        var web = daemon.WebPath;
        foreach (var (name, text) in new[]
        {
            ("page.html", "a page"), ("docs/index.html", "docs"), ("more/index.htm", "more"), ("more/only.txt", "only here"), ("empty/x.txt", "x"), (".env", "SECRET=1"),
            (".well-known/x", "challenge"), ("\u00e4.txt", "umlaut"), ("big.bin", new string('b', 200_000)),
        })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(web, name))!);
            File.WriteAllText(Path.Combine(web, name), text);
        }

        File.WriteAllText(Path.Combine(daemon.Root, "outside.txt"), "outside");
        File.CreateSymbolicLink(Path.Combine(web, "out.txt"), Path.Combine(daemon.Root, "outside.txt"));
        File.CreateSymbolicLink(Path.Combine(web, "in.txt"), "docs/index.html");
    }

    private static string Say(TestDaemon daemon, string name) => daemon.WriteApp(name, $$"""
        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return ["|".join(["{{name}}"] + [environ[key] for key in ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING")]).encode("latin-1")]
        """ + "\n");
}
