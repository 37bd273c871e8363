using System.Diagnostics;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.CommandLine;

/// <summary>Commands in the foreground of a terminal that is closed.</summary>
public sealed class TerminalTests
{
    /// <summary>Runs the command at a pseudo-terminal, closes that when a word has appeared, and gives the exit status.</summary>
    private const string Closing = """
        import os, pty, sys
        word = sys.argv[1].encode()
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(sys.argv[2], sys.argv[2:])
        seen = b''
        while word not in seen:
            try:
                part = os.read(terminal, 4096)
            except OSError:
                part = b''
            if not part:
                sys.exit('it ended: %r' % seen)
            seen += part
        os.close(terminal)
        status = os.waitpid(pid, 0)[1]
        print(os.waitstatus_to_exitcode(status))
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_ends_cleanly_with_its_terminal()
    {
        await using var daemon = new TestDaemon();
        var ended = await CloseAsync("serving ", "run", daemon.WebPath, "--port", $"{TestDaemon.FreePort()}");
        Assert.True(ended is { ExitCode: 0, Output: "0\n" }, ended.ToString());
        await daemon.WaitUntilNothingIsLeftAsync();
    }

    [Fact]
    public async Task A_daemon_in_the_foreground_ends_cleanly_with_its_terminal()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteStaticConf("example");
        var ended = await CloseAsync("skitaid is ready", "--etc", daemon.EtcPath, "-v");
        Assert.True(ended is { ExitCode: 0, Output: "0\n" }, ended.ToString());
        Assert.Contains("skitaid stops: SIGHUP", daemon.DaemonLog, StringComparison.Ordinal);
        await daemon.WaitUntilNothingIsLeftAsync();
    }

    [Fact]
    public async Task Without_a_terminal_a_hang_up_is_a_restart()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteStaticConf("example");
        var start = new ProcessStartInfo(TestDaemon.Executable, ["--etc", daemon.EtcPath, "-v"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        await TestDaemon.WaitAsync("it ran", () => File.Exists(Path.Combine(daemon.LogPath, "skitaid.log")) && daemon.DaemonLog.Contains("is ready: 1", StringComparison.Ordinal));
        var before = await daemon.InstancePidAsync("example");

        TestDaemon.Signal(process.Id, Posix.SigHup);

        await daemon.WaitForAnotherProcessAsync("example", before);
        Assert.Equal(0, (await daemon.RunAsync("stop")).ExitCode);
        await process.WaitForExitAsync(Cancellation).WaitAsync(TestDaemon.Deadline, Cancellation);
    }

    private static Task<CommandResult> CloseAsync(string word, params string[] arguments) =>
        ClientProgram.RunAsync(TestApps.DebianPython, ["-c", Closing, word, TestDaemon.Executable, .. arguments]);
}
