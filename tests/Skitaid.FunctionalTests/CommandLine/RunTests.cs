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
            daemon, StartIn(daemon.Root, readsErrors: false, TestDaemon.Executable, "run", target, "--port", $"{port}"),
            async () => Assert.NotEqual("", await daemon.Client.GetStringAsync(TestApps.Url(port), Cancellation)));
    }

    [Fact]
    public async Task Run_warns_of_a_source_that_everybody_can_read_as_test_does_and_says_which_app_does_not_load()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteApp("main", "import no_such_module_here\n");
        var port = TestDaemon.FreePort();
        var process = StartIn(daemon.Root, readsErrors: true, TestDaemon.Executable, "run", ".", "--mount", "/api=main:app", "--port", $"{port}");
        var errors = process.StandardError.ReadToEndAsync(Cancellation);

        await ServeAsync(daemon, process, () => Task.CompletedTask);

        daemon.WriteConf("example", $"[server]\nport = {port}\n[routes:line]\n/api = {daemon.Root}/main:app\n/ = {daemon.Root}\n");
        var warned = (await daemon.RunAsync("-f", "example", "test")).Errors.Split('\n').Single(line => line.Contains("source", StringComparison.Ordinal));
        Assert.StartsWith("warning: example.conf:5: [routes] /: everybody can read the source of ", warned, StringComparison.Ordinal);
        Assert.Contains("warning: " + warned[warned.IndexOf("[routes]", StringComparison.Ordinal)..], await errors, StringComparison.Ordinal);
        Assert.Contains("warning: run: /api cannot serve: ModuleNotFoundError", await errors, StringComparison.Ordinal);
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
            daemon, StartIn("/", readsErrors: false, Path.Combine(venv, "bin", "python"), Path.Combine(daemon.Root, "script.py")),
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

    /// <param name="directory">Its working directory.</param>
    /// <param name="readsErrors">Whether the caller reads its stderr; it would stand still at a pipe that nobody empties.</param>
    /// <param name="program">What to run.</param>
    /// <param name="arguments">And with what.</param>
    private static Process StartIn(string directory, bool readsErrors, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = readsErrors,
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
