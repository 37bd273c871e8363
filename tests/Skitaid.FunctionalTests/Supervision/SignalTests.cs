using System.Net.Sockets;
using System.Text;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Supervision;

public sealed class SignalTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Hup_takes_up_changed_confs()
    {
        await using var daemon = new TestDaemon();
        var port = daemon.WriteStaticConf("example");
        await daemon.StartAsync();
        var before = await daemon.InstancePidAsync("example");
        var other = Directory.CreateDirectory(Path.Combine(daemon.Root, "other")).FullName;
        await File.WriteAllTextAsync(Path.Combine(other, "index.html"), "changed", Cancellation);
        daemon.WriteConf("example", $"[server]\nport = {port}\n[routes:line]\n/ = {other}\n");

        TestDaemon.Signal(await daemon.SupervisorPidAsync(), Posix.SigHup);

        await daemon.WaitForAnotherProcessAsync("example", before);
        Assert.Equal("changed", await daemon.Client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), Cancellation));
    }

    [Fact]
    public async Task A_second_term_ends_it_at_once_though_requests_are_in_hand()
    {
        await using var daemon = new TestDaemon();
        var port = daemon.WriteAppConf("slow", "import time\n\ndef app(environ, start_response):\n    time.sleep(600)\n");
        await daemon.StartAsync();
        var supervisor = await daemon.SupervisorPidAsync();
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port, Cancellation);
        await client.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), Cancellation);
        await TestDaemon.WaitAsync("the app had it", async () =>
            (await daemon.StatusAsync("slow")).GetProperty("figures").GetProperty("workers")[0].GetProperty("in_hand").GetInt32() == 1);

        TestDaemon.Signal(supervisor, Posix.SigTerm);
        await TestDaemon.WaitAsync("it was stopping", () => daemon.DaemonLog.Contains("skitaid stops: SIGTERM", StringComparison.Ordinal));
        TestDaemon.Signal(supervisor, Posix.SigTerm);

        await daemon.WaitUntilNothingIsLeftAsync();
        Assert.Contains("skitaid has stopped", daemon.DaemonLog, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_service_manager_hears_when_it_is_ready_reloads_and_stops()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteStaticConf("example");
        var path = Path.Combine(daemon.Root, "notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(path));
        using var process = TestDaemon.StartWith([("NOTIFY_SOCKET", path)], "--etc", daemon.EtcPath, "-v");

        Assert.Equal("READY=1\nSTATUS=1 of 1 instances run", await HearAsync());
        TestDaemon.Signal(process.Id, Posix.SigHup);
        Assert.StartsWith("RELOADING=1\nMONOTONIC_USEC=", await HearAsync(), StringComparison.Ordinal);
        Assert.StartsWith("READY=1\n", await HearAsync(), StringComparison.Ordinal);
        TestDaemon.Signal(process.Id, Posix.SigTerm);
        Assert.Equal("STOPPING=1", await HearAsync());
        await process.WaitForExitAsync(Cancellation).WaitAsync(TestDaemon.Deadline, Cancellation);
        Assert.Equal(0, process.ExitCode);

        async Task<string> HearAsync()
        {
            var buffer = new byte[1024];
            var length = await manager.ReceiveAsync(buffer, Cancellation).AsTask().WaitAsync(TestDaemon.Deadline, Cancellation);
            return Encoding.UTF8.GetString(buffer, 0, length);
        }
    }
}
