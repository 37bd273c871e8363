using System.Net;
using System.Net.Sockets;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Supervision;

public sealed class StartAndStopTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_starts_in_the_background_serves_and_stops_without_leaving_anything()
    {
        await using var daemon = new TestDaemon();
        var port = daemon.WriteStaticConf("example");

        var started = await daemon.RunAsync();

        Assert.True(started.ExitCode == 0, started.ToString());
        Assert.Contains($"example: http://127.0.0.1:{port}", started.Output, StringComparison.Ordinal);
        Assert.Equal("hello", await daemon.Client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), Cancellation));
        var stopped = await daemon.RunAsync("stop");
        Assert.Equal(0, stopped.ExitCode);
        Assert.Empty(daemon.Processes());
        Assert.False(File.Exists(Path.Combine(daemon.VarPath, "skitaid.pid")));
        Assert.False(File.Exists(Path.Combine(daemon.VarPath, "skitaid.sock")));
        Assert.Contains("skitaid has stopped", daemon.DaemonLog, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_start_says_that_it_runs_already()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteStaticConf("example");
        await daemon.StartAsync();
        var pid = await daemon.SupervisorPidAsync();

        var second = await daemon.RunAsync();

        Assert.Equal(1, second.ExitCode);
        Assert.Contains($"runs already: pid {pid}", second.Errors, StringComparison.Ordinal);
        Assert.Equal(pid, await daemon.SupervisorPidAsync());
    }

    [Fact]
    public async Task Start_right_after_stop_works_and_a_stale_pid_file_and_socket_do_no_harm()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteStaticConf("example");
        await daemon.StartAsync();
        Assert.Equal(0, (await daemon.RunAsync("stop")).ExitCode);
        await daemon.StartAsync();
        TestDaemon.Signal(await daemon.SupervisorPidAsync(), Posix.SigKill);
        await daemon.WaitUntilNothingIsLeftAsync();
        Assert.True(File.Exists(Path.Combine(daemon.VarPath, "skitaid.pid")));

        await daemon.StartAsync();

        Assert.Equal("running", (await daemon.StatusAsync("example")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_broken_conf_starts_nothing_and_all_errors_are_shown()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteStaticConf("fine");
        daemon.WriteConf("bad", "[server]\nport = abc\nthreds = 4\n");
        daemon.WriteConf("worse", "[server]\nprocesses = 0\n");

        var started = await daemon.RunAsync();
        var tested = await daemon.RunAsync("test");

        Assert.Equal(2, started.ExitCode);
        Assert.Equal(2, tested.ExitCode);
        foreach (var place in new[] { "bad.conf:2: ", "bad.conf:3: ", "worse.conf:2: " })
        {
            Assert.Contains(place, started.Errors, StringComparison.Ordinal);
            Assert.Contains(place, tested.Errors, StringComparison.Ordinal);
        }

        Assert.Empty(daemon.Processes());
        Assert.False(File.Exists(Path.Combine(daemon.VarPath, "skitaid.pid")));
    }

    [Fact]
    public async Task A_port_in_use_is_named_the_other_instances_start_and_it_is_served_once_the_port_is_free()
    {
        await using var daemon = new TestDaemon();
        var fine = daemon.WriteStaticConf("fine");
        using var other = TakePort(out var port);
        daemon.WriteConf("taken", $"[server]\nport = {port}\n[routes:line]\n/ = {daemon.WebPath}\n");

        var started = await daemon.RunAsync();

        Assert.Equal(1, started.ExitCode);
        Assert.Contains($"taken.conf: [server] port: 127.0.0.1:{port} is in use", started.Errors, StringComparison.Ordinal);
        Assert.Equal("hello", await daemon.Client.GetStringAsync(new Uri($"http://127.0.0.1:{fine}/"), Cancellation));
        Assert.Contains("is in use", (await daemon.StatusAsync("taken")).GetProperty("last_error").GetString(), StringComparison.Ordinal);

        other.Close();
        await TestDaemon.WaitAsync("the other one ran", async () => (await daemon.StatusAsync("taken")).GetProperty("state").GetString() == "running");
        Assert.Equal("hello", await daemon.Client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), Cancellation));
    }

    [Fact]
    public async Task With_no_address_to_be_had_nothing_is_started()
    {
        await using var daemon = new TestDaemon();
        using var other = TakePort(out var port);
        daemon.WriteConf("taken", $"[server]\nport = {port}\n[routes:line]\n/ = {daemon.WebPath}\n");

        var started = await daemon.RunAsync();

        Assert.Equal(1, started.ExitCode);
        Assert.Contains("nothing was started", started.Errors, StringComparison.Ordinal);
        Assert.Empty(daemon.Processes());
    }

    [Fact]
    public async Task Without_a_daemon_commands_say_so_and_wrong_words_get_the_nearest_right_one()
    {
        await using var daemon = new TestDaemon();

        var status = await daemon.RunAsync("status");
        var misspelt = await daemon.RunAsync("statsu");
        var later = await daemon.RunAsync("-f", "cron", "restart");

        Assert.Equal(1, status.ExitCode);
        Assert.Contains("does not run", status.Errors, StringComparison.Ordinal);
        Assert.Equal(2, misspelt.ExitCode);
        Assert.Contains("did you mean 'status'?", misspelt.Errors, StringComparison.Ordinal);
        Assert.Equal(2, later.ExitCode);
        Assert.Contains("comes in a later one", later.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_daemons_with_trees_of_their_own_do_not_touch_each_other()
    {
        await using var one = new TestDaemon();
        await using var two = new TestDaemon();
        one.WriteStaticConf("example");
        var port = two.WriteStaticConf("example");
        await one.StartAsync();
        await two.StartAsync();
        Assert.NotEqual(await one.SupervisorPidAsync(), await two.SupervisorPidAsync());

        Assert.Equal(0, (await one.RunAsync("stop")).ExitCode);

        await one.WaitUntilNothingIsLeftAsync();
        Assert.Equal("hello", await two.Client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), Cancellation));
        Assert.Equal("running", (await two.StatusAsync("example")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_daemon_can_be_stopped_though_its_conf_has_been_broken_meanwhile()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteStaticConf("example");
        await daemon.StartAsync();
        var conf = Path.Combine(daemon.EtcPath, "skitaid.conf");
        await File.AppendAllTextAsync(conf, "no_such_key = 1\n[nonsense\n", Cancellation);

        var stopped = await daemon.RunAsync("stop");

        Assert.True(stopped.ExitCode == 0, stopped.ToString());
        Assert.Contains("skitaid.conf:4: ", stopped.Errors, StringComparison.Ordinal);
        Assert.Contains("that conf is broken", stopped.Errors, StringComparison.Ordinal);
        Assert.Empty(daemon.Processes());
    }

    [Fact]
    public async Task Shutdown_of_an_instance_does_not_wait_for_its_slow_start()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteStaticConf("fine");
        daemon.WriteAppConf("slow", "import time\ntime.sleep(600)\n");
        using var starting = TestDaemon.Start("--etc", daemon.EtcPath);
        await TestDaemon.WaitAsync("the slow one was starting", async () =>
            (await daemon.RunAsync("status", "--json")).Output.Contains("\"starting\"", StringComparison.Ordinal));

        var shutdown = await daemon.RunAsync("-f", "slow", "shutdown");

        Assert.True(shutdown.ExitCode == 0, shutdown.ToString());
        await starting.WaitForExitAsync(Cancellation).WaitAsync(TestDaemon.Deadline, Cancellation);
        Assert.Equal("stopped", (await daemon.StatusAsync("slow")).GetProperty("state").GetString());
        Assert.Equal("running", (await daemon.StatusAsync("fine")).GetProperty("state").GetString());
        Assert.Equal(2, daemon.Processes().Count);
    }

    [Theory]
    [InlineData(Posix.SigTerm)]
    [InlineData(Posix.SigInt)]
    [InlineData(Posix.SigQuit)]
    public async Task In_the_foreground_it_logs_to_the_console_and_a_signal_ends_it_with_0(int signal)
    {
        await using var daemon = new TestDaemon();
        daemon.WriteStaticConf("example");
        using var process = TestDaemon.Start("--etc", daemon.EtcPath, "-v");
        string? line;
        do
        {
            line = await process.StandardOutput.ReadLineAsync(Cancellation).AsTask().WaitAsync(TestDaemon.Deadline, Cancellation);
        }
        while (line?.Contains("skitaid is ready: 1 of 1", StringComparison.Ordinal) == false);
        Assert.NotNull(line);

        TestDaemon.Signal(process.Id, signal);

        await process.WaitForExitAsync(Cancellation).WaitAsync(TestDaemon.Deadline, Cancellation);
        Assert.Equal(0, process.ExitCode);
        Assert.Empty(daemon.Processes());
    }

    /// <summary>Listens on a free port, as another program would.</summary>
    private static Socket TakePort(out int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        return socket;
    }
}
