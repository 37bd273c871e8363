using System.Net.Sockets;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Supervision;

public sealed class CommandTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rotate_opens_the_logs_anew_by_command_and_by_signal()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteStaticConf("example");
        await daemon.StartAsync();
        var log = Path.Combine(daemon.LogPath, "skitaid.log");
        File.Move(log, log + ".old");

        Assert.Equal(0, (await daemon.RunAsync("rotate")).ExitCode);

        Assert.True(File.Exists(log));
        File.Move(log, log + ".older");
        TestDaemon.Signal(await daemon.SupervisorPidAsync(), Posix.SigUsr1);
        await TestDaemon.WaitAsync("the signal had opened the log anew", () => File.Exists(log));
    }

    [Fact]
    public async Task Log_shows_the_last_16_KB_from_the_start_of_a_line_and_follows_across_a_rotation()
    {
        await using var daemon = new TestDaemon();
        Directory.CreateDirectory(daemon.LogPath);
        var log = Path.Combine(daemon.LogPath, "skitaid.log");
        await File.WriteAllLinesAsync(log, Enumerable.Range(0, 1000).Select(i => $"line {i:0000} ........................"), Cancellation);

        var shown = await daemon.RunAsync("log");

        Assert.Equal(0, shown.ExitCode);
        Assert.InRange(shown.Output.Length, 16 * 1024 - 40, 16 * 1024);
        Assert.StartsWith("line 0", shown.Output, StringComparison.Ordinal);
        Assert.EndsWith("line 0999 ........................\n", shown.Output, StringComparison.Ordinal);

        using var follower = TestDaemon.Start("--etc", daemon.EtcPath, "log", "-F");
        try
        {
            await UntilAsync(follower.StandardOutput, "line 0999");
            await File.AppendAllTextAsync(log, "before\n", Cancellation);
            await UntilAsync(follower.StandardOutput, "before");
            File.Move(log, log + ".1");
            await File.WriteAllTextAsync(log, "after\n", Cancellation);
            await UntilAsync(follower.StandardOutput, "after");
        }
        finally
        {
            TestDaemon.Signal(follower.Id, Posix.SigInt);
            await follower.WaitForExitAsync(Cancellation).WaitAsync(TestDaemon.Deadline, Cancellation);
        }
    }

    [Fact]
    public async Task The_control_socket_is_private_and_bears_garbage_and_callers_who_say_nothing()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteStaticConf("example");
        await daemon.StartAsync();
        var path = Path.Combine(daemon.VarPath, "skitaid.sock");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));

        using var silent = Connect(path);
        foreach (var garbage in new[] { "hello\n", "{\"command\": 5}\n", "null\n", new string('x', 64 * 1024), "{\"command\": \"explode\"}\n" })
        {
            using var caller = Connect(path);
            try
            {
                await caller.SendAsync(System.Text.Encoding.ASCII.GetBytes(garbage), Cancellation);
                caller.Shutdown(SocketShutdown.Send);
                var buffer = new byte[4096];
                while (await caller.ReceiveAsync(buffer, Cancellation).AsTask().WaitAsync(TestDaemon.Deadline, Cancellation) > 0)
                {
                }
            }
            catch (SocketException)
            {
                // Cut off: fine with what it sent.
            }
        }

        Assert.Equal("running", (await daemon.StatusAsync("example")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Status_is_a_table_for_people_without_colours_in_a_pipe()
    {
        await using var daemon = new TestDaemon();
        var port = daemon.WriteStaticConf("example");
        await daemon.StartAsync();

        var status = await daemon.RunAsync("status");

        Assert.Equal(0, status.ExitCode);
        Assert.DoesNotContain('\e', status.Output);
        var row = status.Output.Split('\n').Single(line => line.StartsWith("example ", StringComparison.Ordinal));
        Assert.Contains($"http://127.0.0.1:{port}", row, StringComparison.Ordinal);
        Assert.Contains(" MB", row, StringComparison.Ordinal);
        var json = await daemon.StatusAsync("example");
        Assert.True(json.GetProperty("memory").GetInt64() > 1_000_000);
    }

    [Fact]
    public async Task Run_serves_a_directory_at_once_and_leaves_nothing()
    {
        await using var daemon = new TestDaemon();
        var port = TestDaemon.FreePort();
        var before = Directory.GetDirectories(Path.GetTempPath(), "skitaid-run-*").ToHashSet(StringComparer.Ordinal);
        using var process = TestDaemon.Start("run", daemon.WebPath, "--port", $"{port}", "--mount", $"/more={daemon.WebPath}");
        var mine = "";
        try
        {
            await UntilAsync(process.StandardOutput, $"on http://127.0.0.1:{port}/");
            Assert.Equal("hello", await daemon.Client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), Cancellation));
            Assert.Equal("hello", await daemon.Client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/more/"), Cancellation));
            mine = Directory.GetDirectories(Path.GetTempPath(), "skitaid-run-*").First(
                path => !before.Contains(path) && File.ReadAllText(Path.Combine(path, "servers-enabled/run.conf")).Contains($"{port}", StringComparison.Ordinal));
        }
        finally
        {
            TestDaemon.Signal(process.Id, Posix.SigInt);
            await process.WaitForExitAsync(Cancellation).WaitAsync(TestDaemon.Deadline, Cancellation);
        }

        Assert.Equal(0, process.ExitCode);
        Assert.False(Directory.Exists(mine));
    }

    private static Socket Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static async Task UntilAsync(StreamReader reader, string text)
    {
        string? line;
        do
        {
            line = await reader.ReadLineAsync(Cancellation).AsTask().WaitAsync(TestDaemon.Deadline, Cancellation);
            Assert.NotNull(line);
        }
        while (!line.Contains(text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_takes_the_passphrase_from_the_environment_where_nobody_sees_it()
    {
        const string Passphrase = "never-in-a-list-${of}-processes";
        await using var daemon = new TestDaemon();
        var (cert, key) = TestCertificate.Write(daemon.Root, passphrase: Passphrase);
        await File.WriteAllTextAsync(
            Path.Combine(daemon.Root, "wsgiapp.py"),
            "import os\n\ndef app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'leaked' if 'SKITAID_PASSPHRASE' in os.environ else b'hidden']\n",
            Cancellation);
        var port = TestDaemon.FreePort();
        using var process = TestDaemon.StartWith(
            [("SKITAID_PASSPHRASE", Passphrase), ("TMPDIR", daemon.Root)],
            "run", daemon.Root + "/wsgiapp:app", "--port", $"{port}", "--certfile", cert, "--keyfile", key, "--python", "/usr/bin/python3");
        await UntilAsync(process.StandardOutput, "serving");

        using var client = TestCertificate.Client(cert);
        Assert.Equal("hidden", await client.GetStringAsync(new Uri($"https://127.0.0.1:{port}/"), Cancellation));
        var tree = Assert.Single(Directory.GetDirectories(daemon.Root, "skitaid-run-*"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(tree));
        Assert.All(daemon.Processes(), pid => Assert.DoesNotContain("never-in-a-list", File.ReadAllText($"/proc/{pid}/cmdline"), StringComparison.Ordinal));
        TestDaemon.Signal(process.Id, Posix.SigInt);
        await process.WaitForExitAsync(Cancellation).WaitAsync(TestDaemon.Deadline, Cancellation);
        Assert.False(Directory.Exists(tree));
        Assert.Empty(daemon.Processes());
    }

    [Fact]
    public async Task Status_tells_of_apps_their_workers_and_certificates()
    {
        await using var daemon = new TestDaemon();
        var (cert, key) = TestCertificate.Write(daemon.Root);
        daemon.WriteAppConf("example", "def app(environ, start_response):\n    pass\n", $"[ssl]\nenable_ssl = yes\ncertfile = {cert}\nkeyfile = {key}");
        await daemon.StartAsync();
        await TestDaemon.WaitAsync("the worker was ready", async () => Worker(await daemon.StatusAsync("example")).GetProperty("state").GetString() == "ready");

        var figures = (await daemon.StatusAsync("example")).GetProperty("figures");
        var table = (await daemon.RunAsync("status")).Output;

        var mount = Assert.Single(figures.GetProperty("mounts").EnumerateArray());
        Assert.Equal("serving", mount.GetProperty("state").GetString());
        Assert.Equal(29, Assert.Single(figures.GetProperty("certificates").EnumerateArray()).GetProperty("days_left").GetInt32());
        var pid = Assert.Single(figures.GetProperty("workers").EnumerateArray()).GetProperty("pid").GetInt32();
        Assert.Contains(pid, daemon.Processes());
        Assert.Contains($"  /: serving, workers {pid}\n", table, StringComparison.Ordinal);
        Assert.Contains("  certificate *: 29 days left", table, StringComparison.Ordinal);

        static System.Text.Json.JsonElement Worker(System.Text.Json.JsonElement instance) => instance.GetProperty("figures").GetProperty("workers")[0];
    }
}
