using Skitai.Configuration;
using Skitaid.Explaining;
using Skitaid.Supervision;

namespace Skitaid.Tests.Explaining;

/// <summary>What is printed for a small site.</summary>
public sealed class ExplanationTests : IDisposable
{
    private const string Conf = """
        [server]
        port = 5000
        processes = 2
        python = /bin/sh
        [tunefactors]
        app_timeout = 90
        static_max_age = 0
        [routes:line]
        / = www
        / = root:app
        /flask = flaskapp:create_app()
        /files = www
        @ www.example.com
        /app = root:app
        / = www
        @ .example.com
        / = www
        @ .b.example.com
        / = root:app
        @ *.nothing.example
        """;

    private readonly string _root = Directory.CreateTempSubdirectory("skitaid-explain-").FullName;
    private readonly ConfTree _tree;

    public ExplanationTests()
    {
        Directory.CreateDirectory(Path.Combine(_root, "www", "empty"));
        Directory.CreateDirectory(Path.Combine(_root, "www", "docs"));
        foreach (var (name, text) in new[]
        {
            ("root.py", ""), ("flaskapp.py", ""), ("secret.txt", "no"), ("www/page.html", new string('x', 1434)), ("www/docs/index.htm", "docs"),
            ("www/page.html.gz", "older"), ("www/page.html.br", "newer"), ("www/.env", "no"),
        })
        {
            File.WriteAllText(Path.Combine(_root, name), text);
        }

        File.SetLastWriteTimeUtc(Path.Combine(_root, "www/page.html.gz"), DateTime.UtcNow.AddDays(-1));
        File.SetLastWriteTimeUtc(Path.Combine(_root, "www/page.html.br"), DateTime.UtcNow.AddDays(1));
        File.CreateSymbolicLink(Path.Combine(_root, "www", "out.txt"), Path.Combine(_root, "secret.txt"));
        _tree = new ConfTree(_root);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task An_app_is_told_with_its_environ_its_workers_and_its_limits() => Assert.Equal($"""
        GET http://127.0.0.1:5000/flask/x?y=1

        instance   shop (shop.conf), listens on http://127.0.0.1:5000 (only this machine reaches it)
        host       the default one: no other host has the name 127.0.0.1
        path       /flask/x, query y=1
        asked      /flask = {_root}/flaskapp:create_app() (shop.conf:11): answers
        not asked  / = {_root}/www (shop.conf:9): shorter than /flask, which answers
        not asked  / = {_root}/root:app (shop.conf:10): shorter than /flask, which answers
        not asked  /files (line 12): /flask/x is not below it
        answer     the Python app's: SCRIPT_NAME=/flask PATH_INFO=/x QUERY_STRING=y=1
        app        {_root}/flaskapp.py, made by create_app()
        workers    2 processes with 4 threads each of /bin/sh
        settings   max_body_size     = 100M (the default)         Largest request body; a longer one gets 413.
                   buffer_uploads    = yes (the default)          A request body is received as a whole, on disk beyond 64 KB, before an app gets it: a slow sender holds no app thread. no = the app reads it as it comes, as it does after Expect: 100-continue with a length.
                   buffer_answers    = 100M (the default)         How much of an answer is kept on disk for a client that is slower than the app, so that it holds no app thread. 0 = the app waits for it.
                   app_timeout       = 90s (default 120s)         What an app's whole answer may take, waits for a slow client not counted; then the client gets 504 and the worker is replaced.
                   response_timeout  = 10s (the default)          Patience for one step: a stalled transfer to or from a client (it is cut off), a request waiting for a free app thread (it gets 503).
                   slow_request      = 10s (the default)          A request that an app has held longer is reported in app.log while it runs, with the Python traceback of every thread.
                   max_requests      = 0: never (the default)     Requests after which a worker is replaced by a fresh one, give or take a tenth. 0 = never.
                   max_worker_memory = 0: no limit (the default)  Memory (resident bytes) above which a worker is replaced by a fresh one as soon as it is idle.

        """, await ExplainAsync("http://127.0.0.1:5000/flask/x?y=1"));

    [Fact]
    public async Task A_file_is_told_with_its_size_its_type_and_its_compressed_siblings() => Assert.Equal($"""
        GET http://www.example.com:5000/page.html

        instance   shop (shop.conf), listens on http://127.0.0.1:5000 (only this machine reaches it)
        host       '@ www.example.com' (shop.conf:13): the exact name; wins over .example.com: exact names come first, then longer patterns
        path       /page.html
        asked      / = {_root}/www (shop.conf:15): answers
        not asked  /app (line 14): /page.html is not below it
        answer     200 OK: the file {_root}/www/page.html (1.4 KB, text/html; charset=utf-8)
        compressed {_root}/www/page.html.br (5 bytes) for clients that take br
        compressed {_root}/www/page.html.gz is not used: it is older than the file, or cannot be read
        settings   static_max_age   = 0: they ask each time (default 300s)  How long browsers may keep a static file before they ask again. 0 = they ask each time.
                   response_timeout = 10s (the default)                     Patience for one step: a stalled transfer to or from a client (it is cut off), a request waiting for a free app thread (it gets 503).

        """, await ExplainAsync("http://www.example.com:5000/page.html"));

    [Theory]
    [InlineData("/nothing", "no file {www}/nothing; passes on to the next")]
    [InlineData("/empty", "{www}/empty has no index.html or index.htm (directories are never listed); passes on to the next")]
    [InlineData("/none/", "no directory {www}/none/; passes on to the next")]
    [InlineData("/.env", "{www}/.env is there, but names that begin with a dot are never served (but .well-known); passes on to the next")]
    [InlineData("/.other", "names that begin with a dot are never served (but .well-known); passes on to the next")]
    [InlineData("/out.txt", "{www}/out.txt is there, but a link on the way leads out of the directory: never served; passes on to the next")]
    [InlineData("/a//b", "a path with // is a second spelling of another one: never served; passes on to the next")]
    [InlineData("/a%5Cb", "a path with a backslash or a NUL is never served; passes on to the next")]
    [InlineData("/docs/../%2Eenv", "{www}/.env is there, but names that begin with a dot are never served (but .well-known); passes on to the next")]
    [InlineData("/docs", "is a directory with an index file: redirects")]
    [InlineData("http://www.example.com:5000/nothing", "no file {www}/nothing")]
    public async Task Why_a_directory_has_nothing_is_told(string url, string why)
    {
        var text = await ExplainAsync(url);

        Assert.Contains($"asked      / = {_root}/www", text, StringComparison.Ordinal);
        Assert.Contains($": {why.Replace("{www}", _root + "/www", StringComparison.Ordinal)}\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("b.example.com", "'@ .b.example.com' (shop.conf:18): .b.example.com is this name and its subdomains; wins over .example.com: exact names come first, then longer patterns")]
    [InlineData("x.example.com", "'@ .example.com' (shop.conf:16): .example.com takes its subdomains")]
    [InlineData("a.nothing.example", "'@ *.nothing.example' (shop.conf:20): *.nothing.example takes its subdomains")]
    [InlineData("nothing.example", "the default one: no other host has the name nothing.example")]
    public async Task Why_a_host_is_chosen_is_told(string host, string why) =>
        Assert.Contains($"\nhost       {why}\n", await ExplainAsync($"http://{host}:5000/"), StringComparison.Ordinal);

    [Theory]
    [InlineData("/flask?a=1", "GET", "301 Moved Permanently: to /flask/?a=1")]
    [InlineData("/flask", "POST", "the Python app's: SCRIPT_NAME=/flask PATH_INFO= QUERY_STRING=")]
    [InlineData("/docs?a=1", "GET", "301 Moved Permanently: to /docs/?a=1")]
    [InlineData("/files/page.html", "POST", "the Python app's: SCRIPT_NAME= PATH_INFO=/files/page.html QUERY_STRING=")]
    [InlineData("http://www.example.com:5000/page.html", "POST", "405 Method Not Allowed: POST is for nobody here; allowed: GET, HEAD")]
    [InlineData("http://www.example.com:5000/none", "GET", "404 Not Found: no mount that was asked has it")]
    [InlineData("http://a.nothing.example:5000/none", "GET", "404 Not Found: nothing is mounted above /none")]
    [InlineData("/x%zz", "GET", "400 Bad Request: not a valid request")]
    [InlineData("/flask/%C3%A4", "GET", "the Python app's: SCRIPT_NAME=/flask PATH_INFO=/\u00e4 QUERY_STRING=")]
    public async Task The_answer_is_told(string url, string method, string answer) =>
        Assert.Contains($"\nanswer     {answer}\n", await ExplainAsync(url, method), StringComparison.Ordinal);

    [Theory]
    [InlineData("host = client", "http://127.0.0.1:5000/users/a%2Fb/%C3%A4?x=1", "GET /a%2Fb/%C3%A4?x=1 with Host: 127.0.0.1:5000")]
    [InlineData("host = member", "http://127.0.0.1:5000/users/", "GET / with Host: its own host:port")]
    [InlineData("host = client", "http://127.0.0.1:5000/users?a", "GET /?a with Host: 127.0.0.1:5000")]
    [InlineData("host = client", "http://www.b.com:5000/x/../users", "GET /users with Host: www.b.com:5000")]
    public async Task A_cluster_is_told_with_what_its_member_gets(string keys, string url, string answer)
    {
        var settings = Settings($"[routes:line]\n/users = @users\n@ www.b.com\n/ = @users\n[@users]\nssl = yes\nmembers = 10.0.0.1:443 3, [::1]:8443\n{keys}");
        var explained = await ExplainAsync(settings, url);
        var text = Text(explained);
        Assert.Null(explained.Status);
        Assert.True(explained.Answers);
        Assert.Contains($"\nanswer     a member's of @users: {answer}\n", text, StringComparison.Ordinal);
        Assert.Contains("\nmembers    https://10.0.0.1:443 (weight 3), https://[::1]:8443 (weight 1)\n", text, StringComparison.Ordinal);
        Assert.Contains("= @users (shop.conf:", text, StringComparison.Ordinal);
        Assert.Contains("\nsettings   connect_timeout  = 5s (the default) ", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_no_host_has_gets_404_and_421_over_HTTP2_and_TLS()
    {
        var settings = Settings("[routes:line]\n@ a.com\n/ = www\n");
        Assert.Contains("\nhost       none: no host has this name, and there is no default host\n", Text(await ExplainAsync(settings, "http://b.com:5000/")), StringComparison.Ordinal);
        Assert.Contains("\nanswer     404 Not Found: no host has this name\n", Text(await ExplainAsync(settings, "http://b.com:5000/")), StringComparison.Ordinal);

        var files = new Skitai.Configuration.Settings.CertificateFiles("/none.pem", "/none.pem", null);
        var explained = await ExplainAsync(settings with { Ssl = new() { Default = files } }, "https://b.com:5000/");
        Assert.Equal((404, 421), (explained.Status, explained.StatusOverHttp2));
        Assert.Contains("\nanswer     404 Not Found (over HTTP/2: 421 Misdirected Request): no host has this name\n", Text(explained), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_that_cannot_be_decoded_meets_no_mount()
    {
        var explained = await ExplainAsync(Settings(Conf), "/x%zz");
        Assert.Equal((400, "/x%zz", 0), (explained.Status, explained.Path, explained.Mounts.Count));
    }

    [Fact]
    public async Task A_method_that_is_refused_outright_meets_no_mount()
    {
        var text = await ExplainAsync("/flask/x?q", "TRACE");
        Assert.Contains("\npath       /flask/x, query q\n", text, StringComparison.Ordinal);
        Assert.Contains($"\nnot asked  /flask = {_root}/flaskapp:create_app() (shop.conf:11): the request is refused before\n", text, StringComparison.Ordinal);
        Assert.Contains("\nanswer     405 Method Not Allowed: TRACE is for nobody here; allowed: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_module_that_has_gone_since_is_told()
    {
        var settings = Settings(Conf);
        File.Delete(Path.Combine(_root, "flaskapp.py"));
        Assert.Contains(
            $"\napp        {_root}/flaskapp:create_app(): the file of its module is not there\n", Text(await ExplainAsync(settings, "/flask/")), StringComparison.Ordinal);
    }

    private static string Text(Explanation explained) => ExplanationText.Of(explained, colours: false);

    private async Task<string> ExplainAsync(string url, string method = "GET") => Text(await ExplainAsync(Settings(Conf), url, method));

    private Task<Explanation> ExplainAsync(Skitai.Configuration.Settings.InstanceSettings settings, string url, string method = "GET") =>
        new Explainer(TimeProvider.System).ExplainAsync(TreeCheck.WithDefaults(settings, new() { EtcPath = _root }), AskedUrl.Parse(url), method);

    private Skitai.Configuration.Settings.InstanceSettings Settings(string conf)
    {
        var read = _tree.ReadInstance("shop", conf, Path.Combine(_root, "shop.conf"));
        Assert.Empty(read.Errors);
        return read.Settings!;
    }
}
