using System.Net;
using System.Net.Sockets;
using System.Text;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Supervision;

public sealed class DeathTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_connection_waiting_while_the_instance_is_killed_is_answered_by_its_successor()
    {
        await using var daemon = new TestDaemon();
        var port = daemon.WriteStaticConf("example");
        await daemon.StartAsync();
        var pid = await daemon.InstancePidAsync("example");
        TestDaemon.Signal(pid, Posix.SigStop); // it accepts nothing any more: the connection stays in the backlog
        await TestDaemon.WaitAsync("every thread stood still", () => Directory.GetDirectories($"/proc/{pid}/task").All(
            task => File.ReadAllText(Path.Combine(task, "stat")).Split(") ")[^1].StartsWith('T')));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, Cancellation);
        await client.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray(), Cancellation);

        TestDaemon.Signal(pid, Posix.SigKill);

        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
        var answer = await reader.ReadToEndAsync(Cancellation).WaitAsync(TestDaemon.Deadline, Cancellation);
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Assert.EndsWith("hello", answer, StringComparison.Ordinal);
        await TestDaemon.WaitAsync("the successor was running", async () => (await daemon.StatusAsync("example")).GetProperty("state").GetString() == "running");
        var status = await daemon.StatusAsync("example");
        Assert.NotEqual(pid, status.GetProperty("pid").GetInt32());
        Assert.Equal(1, status.GetProperty("restarts").GetInt32());
        Assert.Contains("killed by signal 9", status.GetProperty("last_error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_outlives_a_killed_supervisor()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteStaticConf("one");
        daemon.WriteStaticConf("two");
        await daemon.StartAsync();
        Assert.Equal(3, daemon.Processes().Count);

        TestDaemon.Signal(await daemon.SupervisorPidAsync(), Posix.SigKill);

        await daemon.WaitUntilNothingIsLeftAsync();
    }

    [Fact]
    public async Task App_workers_follow_a_killed_supervisor_and_a_killed_instance()
    {
        await using var daemon = new TestDaemon();
        await File.WriteAllTextAsync(Path.Combine(daemon.Root, "wsgiapp.py"), "def app(environ, start_response):\n    pass\n", Cancellation);
        daemon.WriteConf("example", $"[server]\nport = {TestDaemon.FreePort()}\nprocesses = 2\n[routes:line]\n/ = {daemon.Root}/wsgiapp:app\n");
        await daemon.StartAsync();
        await TestDaemon.WaitAsync("both workers were there", () => daemon.Processes().Count == 4);
        var before = daemon.Processes();
        var (supervisor, instance) = (await daemon.SupervisorPidAsync(), await daemon.InstancePidAsync("example"));

        TestDaemon.Signal(instance, Posix.SigKill);

        await TestDaemon.WaitAsync("a new instance with new workers was there", () =>
            daemon.Processes() is { Count: 4 } now && now.Intersect(before).SequenceEqual([supervisor]));
        TestDaemon.Signal(supervisor, Posix.SigKill);
        await daemon.WaitUntilNothingIsLeftAsync();
    }

    [Fact]
    public async Task Nothing_is_left_when_supervisor_and_instance_are_killed_together()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteAppConf("example", "def app(environ, start_response):\n    pass\n", "processes = 2");
        await daemon.StartAsync();
        await TestDaemon.WaitAsync("both workers were there", () => daemon.Processes().Count == 4);
        var (supervisor, instance) = (await daemon.SupervisorPidAsync(), await daemon.InstancePidAsync("example"));

        TestDaemon.Signal(instance, Posix.SigKill);
        TestDaemon.Signal(supervisor, Posix.SigKill);

        await daemon.WaitUntilNothingIsLeftAsync();
        await daemon.StartAsync();
    }

    [Fact]
    public async Task An_instance_that_keeps_dying_is_started_again_with_growing_pauses()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteStaticConf("example");
        await daemon.StartAsync();
        for (var deaths = 1; deaths <= 3; deaths++)
        {
            TestDaemon.Signal(await daemon.InstancePidAsync("example"), Posix.SigKill);
            await TestDaemon.WaitAsync($"it ran again after death {deaths}", async () =>
            {
                var status = await daemon.StatusAsync("example");
                return status.GetProperty("restarts").GetInt32() == deaths && status.GetProperty("state").GetString() == "running";
            });
        }

        var log = daemon.DaemonLog;
        Assert.Contains("started anew at once", log, StringComparison.Ordinal);
        Assert.Contains("started anew in 1 s", log, StringComparison.Ordinal);
        Assert.Contains("started anew in 2 s", log, StringComparison.Ordinal);
    }
}
