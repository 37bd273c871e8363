using System.Net;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Faults;

/// <summary>Apps that cannot be imported, raise, die, or change while they are served.</summary>
public sealed class AppFaultTests
{
    private const string Good = """
        use_reloader = {0}

        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"{1}"]

        app.use_reloader = use_reloader

        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_app_with_an_import_error_is_503_on_its_mount_alone_and_heals_when_its_file_is_mended()
    {
        await using var daemon = new TestDaemon();
        var sick = daemon.WriteApp("sick", "import no_such_module_here\n");
        var well = daemon.WriteApp("well", Source(false, "well"));
        var port = await daemon.ServeAsync($"/sick = {sick}:app\n/well = {well}:app");
        var pid = await daemon.InstancePidAsync("example");

        var (status, text) = await daemon.GetAsync(port, "/sick/");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.DoesNotContain("no_such_module_here", text, StringComparison.Ordinal);
        Assert.Equal("well", (await daemon.GetAsync(port, "/well/")).Text);
        await daemon.WaitForLogAsync("app", "no_such_module_here");
        daemon.WriteApp("sick", Source(false, "healed"));
        await TestDaemon.WaitAsync("the mended app answered", async () => (await daemon.GetAsync(port, "/sick/")).Text == "healed");
        Assert.Equal(pid, await daemon.InstancePidAsync("example"));
    }

    [Fact]
    public async Task A_reloading_app_takes_up_every_edit_keeps_the_old_one_on_a_syntax_error_and_fails_no_request()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"/ = {daemon.WriteApp("edited", Source(true, "first"))}:app");
        using var done = new CancellationTokenSource();
        var asking = Task.Run(
            async () =>
            {
                HashSet<string> seen = [];
                while (!done.IsCancellationRequested)
                {
                    var (status, text) = await daemon.GetAsync(port, "/");
                    Assert.Equal(HttpStatusCode.OK, status);
                    seen.Add(text);
                }

                return seen;
            },
            Cancellation);

        await TestDaemon.WaitAsync("the first answered", async () => (await daemon.GetAsync(port, "/")).Text == "first");
        daemon.WriteApp("edited", Source(true, "second"));
        await TestDaemon.WaitAsync("the second answered", async () => (await daemon.GetAsync(port, "/")).Text == "second");
        daemon.WriteApp("edited", "def app(:\n");
        await daemon.WaitForLogAsync("app", "SyntaxError");
        Assert.Equal("second", (await daemon.GetAsync(port, "/")).Text);
        daemon.WriteApp("edited", Source(true, "third"));
        await TestDaemon.WaitAsync("the third answered", async () => (await daemon.GetAsync(port, "/")).Text == "third");

        await done.CancelAsync();
        Assert.Equal(["first", "second", "third"], (await asking).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Trouble_in_an_app_stays_there_and_an_operator_learns_of_it()
    {
        await using var daemon = new TestDaemon();
        var app = daemon.WriteApp("troubled", """
            import os

            def app(environ, start_response):
                path = environ["PATH_INFO"]
                if path == "/raise":
                    raise RuntimeError("the reason why")
                if path == "/exit":
                    os._exit(7)
                if path == "/mismatch":
                    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
                    return [b"much more than five"]
                if path == "/split":
                    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Bad", "a\r\nSet-Cookie: evil=1")])
                    return [b"x"]
                if path == "/hop":
                    start_response("200 OK", [("Content-Type", "text/plain"), ("Transfer-Encoding", "chunked")])
                    return [b"x"]
                if path == "/nothing":
                    return None
                start_response("200 OK", [("Content-Type", "text/plain")])
                return [b"fine"]

            """);
        var port = await daemon.ServeAsync($"/ = {app}:app");

        var (status, text) = await daemon.GetAsync(port, "/raise");
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.DoesNotContain("Traceback", text, StringComparison.Ordinal);
        Assert.DoesNotContain("the reason why", text, StringComparison.Ordinal);
        var log = await daemon.WaitForLogAsync("app", "RuntimeError: the reason why");
        Assert.Contains("Traceback", log, StringComparison.Ordinal);

        foreach (var path in new[] { "/split", "/hop", "/nothing" })
        {
            using var refused = await daemon.Client.GetAsync(TestApps.Url(port, path), Cancellation);
            Assert.True(refused.StatusCode == HttpStatusCode.InternalServerError, path);
            Assert.False(refused.Headers.Contains("Set-Cookie"));
            Assert.Equal("fine", (await daemon.GetAsync(port, "/")).Text);
        }

        using (var post = await daemon.Client.PostAsync(TestApps.Url(port, "/exit"), new StringContent(""), Cancellation))
        {
            Assert.Equal(HttpStatusCode.BadGateway, post.StatusCode); // not idempotent: not tried again
        }

        Assert.Equal("fine", (await daemon.GetAsync(port, "/")).Text);
        Assert.Equal(HttpStatusCode.BadGateway, (await daemon.GetAsync(port, "/exit")).Status); // tried again once
        Assert.Equal("fine", (await daemon.GetAsync(port, "/")).Text);
        var raw = await RawClient.AskAsync(port, "GET /mismatch HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        Assert.DoesNotContain("more than five", raw, StringComparison.Ordinal);
        Assert.Equal("fine", (await daemon.GetAsync(port, "/")).Text);
    }

    private static string Source(bool reload, string answer) =>
        Good.Replace("{0}", reload ? "True" : "False", StringComparison.Ordinal).Replace("{1}", answer, StringComparison.Ordinal);
}
