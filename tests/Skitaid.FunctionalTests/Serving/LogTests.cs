using System.Text.RegularExpressions;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Serving;

/// <summary>What an instance's logs say, and what nobody can make them say.</summary>
public sealed partial class LogTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_request_has_one_line_and_its_client_cannot_forge_another()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"/ = {daemon.AddApp("counting")}:app");

        await RawClient.AskAsync(port, $"GET /got?a=b HTTP/1.1\r\nHost: localhost:{port}\r\nUser-Agent: a \"quoted\" agent\r\nConnection: close\r\n\r\n");
        await RawClient.AskAsync(port, $"POST /posted HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: 11\r\nConnection: close\r\n\r\nhello world");
        await RawClient.AskAsync(port, "GET /evil%0d%0a2016.12.30 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: x\u001b[31m\u0085\u00e4 2016.12.30\r\nConnection: close\r\n\r\n");
        await RawClient.AskAsync(port, "GET /bare\rcr HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        await RawClient.AskAsync(port, "GET /last HTTP/1.1\r\nHost: local\thost\r\nUser-Agent: \"\n\r\nConnection: close\r\n\r\n");
        await daemon.GetAsync(port, "/end");

        var log = await daemon.WaitForLogAsync("request", " /end ");
        var lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.Matches(RequestLine(), line));
        var got = Assert.Single(lines, line => line.Contains("/got?a=b", StringComparison.Ordinal));
        Assert.Contains($" localhost:{port} GET /got?a=b HTTP/1.1 200 0 ", got, StringComparison.Ordinal);
        var posted = Assert.Single(lines, line => line.Contains("/posted", StringComparison.Ordinal));
        Assert.Contains($" localhost:{port} POST /posted HTTP/1.1 200 11 ", posted, StringComparison.Ordinal);
        Assert.All(log, c => Assert.True(c is '\n' or (>= ' ' and <= '~'), $"U+{(int)c:X4} in the log"));
        Assert.InRange(lines.Length, 4, 6);
    }

    [Fact]
    public async Task What_an_app_prints_and_logs_is_in_app_log_line_by_line()
    {
        await using var daemon = new TestDaemon();
        var app = daemon.WriteApp("chatty", """
            import logging
            import subprocess
            import sys

            logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")

            def app(environ, start_response):
                print("printed", "one")
                print("to stderr", file=sys.stderr)
                logging.getLogger("mine").info("logged two")
                sys.stdout.write("no line end")
                sys.stdout.flush()
                subprocess.run(["echo", "from a child"], check=True)
                try:
                    1 / 0
                except ZeroDivisionError:
                    logging.exception("caught")
                start_response("200 OK", [("Content-Type", "text/plain")])
                return [b"said"]

            """);
        var port = await daemon.ServeAsync($"/ = {app}:app");

        Assert.Equal("said", (await daemon.GetAsync(port, "/")).Text);

        foreach (var text in new[] { "printed one", "to stderr", "INFO logged two", "no line end", "from a child", "ERROR caught", "ZeroDivisionError: division by zero" })
        {
            await daemon.WaitForLogAsync("app", text);
        }

        var lines = daemon.InstanceLog("app").Split('\n');
        Assert.Matches(@"^\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d \[", Assert.Single(lines, line => line.Contains("printed one", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Rotate_goes_on_in_new_files_and_loses_no_line()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"/ = {daemon.AddApp("counting")}:app");
        await daemon.GetAsync(port, "/before");
        await daemon.WaitForLogAsync("request", "/before");
        var log = Path.Combine(daemon.LogPath, "instances", "example", "request.log");
        File.Move(log, log + ".mine");

        Assert.Equal(0, (await daemon.RunAsync("-f", "example", "rotate")).ExitCode);
        await daemon.GetAsync(port, "/after");

        Assert.DoesNotContain("/before", await daemon.WaitForLogAsync("request", "/after"), StringComparison.Ordinal);
        Assert.Contains("/before", await File.ReadAllTextAsync(log + ".mine", Cancellation), StringComparison.Ordinal);
        var shown = await daemon.RunAsync("-f", "example", "-s", "request", "log");
        Assert.Contains("/after", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_shows_the_end_of_the_rotated_file_while_the_new_one_is_empty()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"/ = {daemon.AddApp("counting")}:app");
        await daemon.GetAsync(port, "/before");
        await daemon.WaitForLogAsync("request", "/before");
        var log = Path.Combine(daemon.LogPath, "instances", "example", "request.log");

        Assert.Equal(0, (await daemon.RunAsync("rotate")).ExitCode);
        Assert.Equal("", await File.ReadAllTextAsync(log, Cancellation));
        foreach (var left in new[] { "empty", "missing" })
        {
            var shown = await daemon.RunAsync("-f", "example", "-s", "request", "log");
            Assert.True(shown.ExitCode == 0, left + shown);
            Assert.Contains("/before", shown.Output, StringComparison.Ordinal);
            File.Delete(log);
        }
    }

    [Fact]
    public async Task Without_its_directory_lines_wait_rotate_fails_and_nothing_is_lost_once_it_can_be_made()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"/ = {daemon.AddApp("counting")}:app");
        await daemon.GetAsync(port, "/before");
        await daemon.WaitForLogAsync("request", "/before");
        var logs = Path.Combine(daemon.LogPath, "instances", "example");
        Directory.Delete(logs, recursive: true);
        await File.WriteAllTextAsync(logs, "in the way", Cancellation);

        await daemon.GetAsync(port, "/meanwhile");
        var refused = await daemon.RunAsync("-f", "example", "rotate");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(Path.Combine(logs, "request.log") + ": ", refused.Errors, StringComparison.Ordinal);
        await TestDaemon.WaitAsync("skitaid.log said so", () => daemon.DaemonLog.Contains($"cannot write {logs}/request.log", StringComparison.Ordinal));

        File.Delete(logs);
        await TestDaemon.WaitAsync("the log was there again", () => File.Exists(Path.Combine(logs, "request.log")));
        await daemon.WaitForLogAsync("request", "can be written again");
        for (var i = 0; i < 3; i++)
        {
            await daemon.GetAsync(port, $"/after{i}");
            Assert.Contains("/meanwhile", await daemon.WaitForLogAsync("request", $"/after{i}"), StringComparison.Ordinal);
        }

        Assert.Equal(0, (await daemon.RunAsync("-f", "example", "rotate")).ExitCode);
    }

    [GeneratedRegex("""^\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d \S+ \S+ \S+ \S+ \S+ \d+ \d+ \d+ \S+ \S+ \S+ \S+ "[^"]*(\\"[^"]*)*" \d+ms \d+ms \S+$""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RequestLine();
}
