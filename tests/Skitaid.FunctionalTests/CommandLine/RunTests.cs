using System.Diagnostics;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.CommandLine;

/// <summary>One app served without a conf.</summary>
public sealed class RunTests
{
    private const string App = """
        import sys

        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [("%s %d.%d" % (sys.prefix, sys.version_info[0], sys.version_info[1])).encode()]

        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("wsgiapp:app")]
    [InlineData("wsgiapp.py:app")]
    [InlineData("wsgiapp")]
    public async Task Run_serves_an_app_named_from_the_working_directory(string target)
    {
        await using var daemon = new TestDaemon();
        daemon.WriteApp("wsgiapp", App);
        var port = TestDaemon.FreePort();

        await ServeAsync(
            daemon, StartIn(daemon.Root, TestDaemon.Executable, "run", target, "--port", $"{port}"),
            async () => Assert.NotEqual("", await daemon.Client.GetStringAsync(TestApps.Url(port), Cancellation)));
    }

    [Fact]
    public async Task A_script_that_calls_skitai_run_is_served_by_the_interpreter_that_runs_it()
    {
        await using var daemon = new TestDaemon();
        var venv = Path.Combine(daemon.Root, "venv");
        var made = await ClientProgram.RunAsync(TestApps.DebianPython, "-m", "venv", "--without-pip", venv);
        Assert.True(made.ExitCode == 0, made.ToString());
        var port = TestDaemon.FreePort();
        daemon.WriteApp("script", App + $"import skitai\nif __name__ == '__main__':\n    skitai.run(address='127.0.0.1', port={port}, mount=('/', app))\n");

        await ServeAsync(
            daemon, StartIn("/", Path.Combine(venv, "bin", "python"), Path.Combine(daemon.Root, "script.py")),
            async () => Assert.StartsWith(venv + " ", await daemon.Client.GetStringAsync(TestApps.Url(port), Cancellation), StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_instance_takes_the_interpreter_it_names_a_venv_or_another_version()
    {
        await using var daemon = new TestDaemon();
        var venv = Path.Combine(daemon.Root, "venv");
        var made = await ClientProgram.RunAsync(TestApps.DebianPython, "-m", "venv", "--without-pip", venv);
        Assert.True(made.ExitCode == 0, made.ToString());
        var port = await daemon.ServeAsync($"/ = {daemon.WriteApp("wsgiapp", App)}:app", $"python = {venv}/bin/python");
        Assert.StartsWith(venv + " ", (await daemon.GetAsync(port, "/")).Text, StringComparison.Ordinal);

        var others = Directory.Exists(PyenvVersions)
            ? Directory.GetDirectories(PyenvVersions).Where(path => Path.GetFileName(path).Split('.') is ["3", var minor, ..] && int.Parse(minor) is 8 or 13).ToArray()
            : [];
        foreach (var other in others)
        {
            daemon.WriteConf("example", $"[server]\nport = {port}\npython = {other}/bin/python3\n[routes:line]\n/ = {daemon.Root}/wsgiapp:app\n");
            var restarted = await daemon.RunAsync("-f", "example", "restart");
            Assert.True(restarted.ExitCode == 0, restarted.ToString());
            using var fresh = new HttpClient { Timeout = TestDaemon.Deadline };
            Assert.StartsWith(other + " ", await fresh.GetStringAsync(TestApps.Url(port), Cancellation), StringComparison.Ordinal);
        }
    }

    private static string PyenvVersions => Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "/", ".pyenv", "versions");

    private static Process StartIn(string directory, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.Environment["SKITAID"] = TestDaemon.Executable;
        start.Environment["PYTHONPATH"] = Path.Combine(Path.GetDirectoryName(TestDaemon.Executable)!, "python");
        return Process.Start(start)!;
    }

    /// <summary>Waits until it says that it serves, tries, ends it with Ctrl-C.</summary>
    private static async Task ServeAsync(TestDaemon daemon, Process process, Func<Task> tries)
    {
        using var mine = process;
        try
        {
            string? line;
            do
            {
                line = await process.StandardOutput.ReadLineAsync(Cancellation).AsTask().WaitAsync(TestDaemon.Deadline, Cancellation);
                Assert.NotNull(line);
            }
            while (!line.StartsWith("serving ", StringComparison.Ordinal));

            await tries();
        }
        finally
        {
            TestDaemon.Signal(process.Id, Posix.SigInt);
            await process.WaitForExitAsync(Cancellation).WaitAsync(TestDaemon.Deadline, Cancellation);
        }

        Assert.Equal(0, process.ExitCode);
        await daemon.WaitUntilNothingIsLeftAsync();
    }
}
