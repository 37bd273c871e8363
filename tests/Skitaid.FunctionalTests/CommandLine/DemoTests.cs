using System.Net;
using System.Text.RegularExpressions;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.CommandLine;

/// <summary>The demo's own conf and pages, on a free port.</summary>
public sealed partial class DemoTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_page_of_the_demo_answers_as_its_landing_page_says()
    {
        await using var daemon = new TestDaemon();
        var port = await StartAsync(daemon);

        foreach (var (path, status, text) in new[]
        {
            ("/", 200, "<!doctype html>"), ("/static/", 200, "<!doctype html>"), ("/static/notes.txt", 200, ""), ("/static/fifty/", 200, "mosaic.css"),
            ("/wsgi/", 200, "Hello from demo.conf."), ("/wsgi/a/b", 200, "Mounted at '/wsgi', asked for '/a/b'"), ("/flask/", 200, "/flask/hello/Ada"),
            ("/flask/hello/Ada", 200, "Hello, Ada."), ("/flask/numbers/3", 200, "/flask/numbers/3"), ("/flask/none", 404, "Not Found"),
            ("/environ/", 200, "wsgi.url_scheme"), ("/trouble/", 200, "Trouble on request"), ("/trouble/raise", 500, "Internal Server Error"),
            ("/trouble/exit", 405, "POST only"), ("/broken/", 503, "Unavailable"), ("/2016/", 200, "Hello World"), ("/none", 404, "Not Found"),
        })
        {
            var (got, page) = await daemon.GetAsync(port, path);
            Assert.True(status == (int)got, $"{path}: {got}\n{page}");
            Assert.Contains(text, page, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("Traceback", page, StringComparison.Ordinal);
        }

        var log = await daemon.WaitForLogAsync("app", "asked for by 127.0.0.1");
        Assert.Contains("Traceback", log, StringComparison.Ordinal);
        Assert.Contains("a_module_that_nobody_has", log, StringComparison.Ordinal);

        var host = await RawClient.AskAsync(port, "GET / HTTP/1.1\r\nHost: hello.localhost\r\nConnection: close\r\n\r\n");
        Assert.Contains(await File.ReadAllTextAsync(Path.Combine(ExampleFiles.Directory, "sites", "hello", "index.html"), Cancellation), host, StringComparison.Ordinal);

        using var ended = await daemon.Client.PostAsync(TestApps.Url(port, "/trouble/exit"), null, Cancellation);
        Assert.Equal(HttpStatusCode.BadGateway, ended.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await daemon.GetAsync(port, "/trouble/")).Status);
    }

    [Fact]
    public async Task Every_link_of_the_landing_page_leads_somewhere()
    {
        await using var daemon = new TestDaemon();
        var port = await StartAsync(daemon);
        var page = await daemon.Client.GetStringAsync(TestApps.Url(port), Cancellation);
        var links = Link().Matches(page).Select(match => WebUtility.HtmlDecode(match.Groups["to"].Value))
            .Where(link => link.StartsWith('/') && !link.Contains("stream", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToArray();
        Assert.True(links.Length >= 6, page);
        foreach (var link in links)
        {
            var (status, _) = await daemon.GetAsync(port, link);
            var expected = link.StartsWith("/broken", StringComparison.Ordinal) ? 503 : link.EndsWith("/raise", StringComparison.Ordinal) ? 500 : 200;
            Assert.True(expected == (int)status, $"{link}: {status}");
        }
    }

    [Fact]
    public async Task A_browser_shows_the_landing_page_and_the_fifty_pictures_without_a_complaint()
    {
        ClientProgram.Require("chromium");
        await using var daemon = new TestDaemon();
        var port = await StartAsync(daemon);
        foreach (var path in new[] { "/", "/static/fifty/" })
        {
            var result = await ClientProgram.RunAsync(
                "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run",
                "--enable-logging=stderr", "--v=0", $"--user-data-dir={daemon.Root}/browser{path.Length}", "--virtual-time-budget=10000", "--dump-dom",
                TestApps.Url(port, path).ToString());
            Assert.True(result.ExitCode == 0, result.ToString());
            Assert.Contains("</html>", result.Output, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("CONSOLE", result.Errors, StringComparison.Ordinal);
        }

        var log = await daemon.WaitForLogAsync("request", "/static/fifty/50.svg");
        Assert.Equal(50, Picture().Matches(log).Select(match => match.Value).Distinct(StringComparer.Ordinal).Count());
        Assert.DoesNotMatch(" HTTP/1.1 [45]", log.Replace("/favicon.ico HTTP/1.1 404", "", StringComparison.Ordinal));
    }

    private static async Task<int> StartAsync(TestDaemon daemon)
    {
        var port = TestDaemon.FreePort();
        daemon.WriteConf("example", await ExampleFiles.ReadConfAsync("servers-enabled/demo.conf", 5000, port));
        await daemon.StartAsync();
        return port;
    }

    [GeneratedRegex("(href|src)=\"(?<to>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    [GeneratedRegex("/static/fifty/\\d\\d.svg", RegexOptions.None, 1000)]
    private static partial Regex Picture();
}
