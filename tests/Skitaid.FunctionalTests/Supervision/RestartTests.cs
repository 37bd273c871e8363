using System.Net;
using System.Net.Sockets;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Supervision;

public sealed class RestartTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Restarts_under_keep_alive_and_fresh_connections_lose_no_request()
    {
        await using var daemon = new TestDaemon();
        var port = daemon.WriteStaticConf("example");
        await daemon.StartAsync();
        using var done = new CancellationTokenSource();
        var kept = AskUntilAsync(port, keepAlive: true, done.Token);
        var fresh = AskUntilAsync(port, keepAlive: false, done.Token);
        var pids = new HashSet<int> { await daemon.InstancePidAsync("example") };
        for (var i = 0; i < 3; i++)
        {
            var restarted = await daemon.RunAsync(i == 1 ? ["restart"] : ["-f", "example", "restart"]);
            Assert.True(restarted.ExitCode == 0, restarted.ToString());
            Assert.True(pids.Add(await daemon.InstancePidAsync("example")));
        }

        await done.CancelAsync();

        // Both throw when any request fails.
        Assert.True(await kept > 10);
        Assert.True(await fresh > 10);
        await TestDaemon.WaitAsync("the old processes had drained", () => daemon.Processes().Count == 2);
    }

    [Fact]
    public async Task A_restart_with_a_broken_conf_is_refused_and_the_old_process_goes_on()
    {
        await using var daemon = new TestDaemon();
        var port = daemon.WriteStaticConf("example");
        await daemon.StartAsync();
        var pid = await daemon.InstancePidAsync("example");
        daemon.WriteConf("example", "[server]\nport = abc\n");

        var one = await daemon.RunAsync("-f", "example", "restart");
        var all = await daemon.RunAsync("restart");

        Assert.Equal(2, one.ExitCode);
        Assert.Equal(2, all.ExitCode);
        Assert.Contains("example.conf:2: ", one.Errors, StringComparison.Ordinal);
        Assert.Contains("example.conf:2: ", all.Errors, StringComparison.Ordinal);
        Assert.Equal(pid, await daemon.InstancePidAsync("example"));
        Assert.Equal("hello", await daemon.Client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), Cancellation));
    }

    [Fact]
    public async Task A_changed_port_is_bound_first_and_a_taken_one_refuses_the_restart()
    {
        await using var daemon = new TestDaemon();
        var first = daemon.WriteStaticConf("example");
        await daemon.StartAsync();
        var second = daemon.WriteStaticConf("example");
        Assert.Equal(0, (await daemon.RunAsync("-f", "example", "restart")).ExitCode);
        Assert.Equal("hello", await daemon.Client.GetStringAsync(new Uri($"http://127.0.0.1:{second}/"), Cancellation));
        await TestDaemon.WaitAsync("the first port was closed", () => !Answers(first));

        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Listen();
        daemon.WriteConf("example", $"[server]\nport = {((IPEndPoint)other.LocalEndPoint!).Port}\n[routes:line]\n/ = {daemon.WebPath}\n");
        var refused = await daemon.RunAsync("-f", "example", "restart");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("is in use", refused.Errors, StringComparison.Ordinal);
        Assert.Equal("hello", await daemon.Client.GetStringAsync(new Uri($"http://127.0.0.1:{second}/"), Cancellation));
    }

    [Fact]
    public async Task An_instance_that_was_shut_down_stays_down_until_a_restart()
    {
        await using var daemon = new TestDaemon();
        var port = daemon.WriteStaticConf("example");
        await daemon.StartAsync();

        Assert.Equal(0, (await daemon.RunAsync("-f", "example", "shutdown")).ExitCode);

        Assert.Equal("stopped", (await daemon.StatusAsync("example")).GetProperty("state").GetString());
        Assert.False(Answers(port));
        Assert.Equal(0, (await daemon.RunAsync("-f", "example", "restart")).ExitCode);
        Assert.True(Answers(port));
        Assert.Equal(0, (await daemon.RunAsync("-f", "example", "terminate")).ExitCode);
        Assert.False(Answers(port));
        Assert.Equal(1, (await daemon.RunAsync("-f", "nobody", "restart")).ExitCode);
    }

    [Fact]
    public async Task A_restart_is_refused_when_an_app_that_works_would_not_any_more_unless_forced()
    {
        await using var daemon = new TestDaemon();
        var port = TestDaemon.FreePort();
        var app = Path.Combine(daemon.Root, "wsgiapp.py");
        await File.WriteAllTextAsync(
            app, "def app(environ, start_response):\n    start_response('200 OK', [('Content-Type', 'text/plain')])\n    return [b'works']\n", Cancellation);
        daemon.WriteConf("example", $"[server]\nport = {port}\n[routes:line]\n/ = {daemon.Root}/wsgiapp:app\n");
        await daemon.StartAsync();
        Assert.Equal("works", await daemon.Client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), Cancellation));
        await File.WriteAllTextAsync(app, "import no_such_module\n", Cancellation);

        var refused = await daemon.RunAsync("-f", "example", "restart");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("no_such_module", refused.Errors, StringComparison.Ordinal);
        Assert.Equal("works", await daemon.Client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), Cancellation));
        var forced = await daemon.RunAsync("-f", "example", "restart", "--force");
        Assert.True(forced.ExitCode == 0, forced.ToString());
        using var fresh = new HttpClient(); // the other's connection is the old process's, which may answer once more on it
        using var answer = await fresh.GetAsync(new Uri($"http://127.0.0.1:{port}/"), Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    private static bool Answers(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task<int> AskUntilAsync(int port, bool keepAlive, CancellationToken done)
    {
        using var client = new HttpClient { Timeout = TestDaemon.Deadline };
        client.DefaultRequestHeaders.ConnectionClose = !keepAlive;
        var answers = 0;
        while (!done.IsCancellationRequested)
        {
            Assert.Equal("hello", await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), Cancellation));
            answers++;
        }

        return answers;
    }
}
