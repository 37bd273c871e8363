using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Skitaid.FunctionalTests.Harness;

/// <summary>
/// The real executable on a private config tree with logs and state of its own. Whatever a test leaves running is ended
/// with it, by pid.
/// </summary>
public sealed class TestDaemon : IAsyncDisposable
{
    /// <summary>How long anything may take: the machine is shared, so a promise about speed is not made here.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>The program under test.</summary>
    public static readonly string Executable =
        Environment.GetEnvironmentVariable("SKITAID_EXE") is { Length: > 0 } said ? said : FindExecutable();

    public TestDaemon()
    {
        Directory.CreateDirectory(EnabledPath);
        File.WriteAllText(Path.Combine(EtcPath, "skitaid.conf"), $"[global]\nlog_path = {LogPath}\nvar_path = {VarPath}\n");
        Directory.CreateDirectory(WebPath);
        File.WriteAllText(Path.Combine(WebPath, "index.html"), "hello");
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("skitaid-test-").FullName;

    public string EtcPath => Path.Combine(Root, "etc");

    public string EnabledPath => Path.Combine(EtcPath, "servers-enabled");

    public string LogPath => Path.Combine(Root, "log");

    public string VarPath => Path.Combine(Root, "var");

    /// <summary>A directory to serve; has an index.html that says hello.</summary>
    public string WebPath => Path.Combine(Root, "www");

    public string DaemonLog => File.ReadAllText(Path.Combine(LogPath, "skitaid.log"));

    public HttpClient Client { get; } = new() { Timeout = Deadline };

    /// <summary>A port that nobody had a moment ago.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Writes servers-enabled/NAME.conf.</summary>
    public void WriteConf(string name, string text)
    {
        // As an editor does: never half a file.
        var draft = Path.Combine(EnabledPath, "." + name);
        File.WriteAllText(draft, text);
        File.Move(draft, Path.Combine(EnabledPath, name + ".conf"), overwrite: true);
    }

    /// <summary>Writes a conf that serves <see cref="WebPath"/>; gives the port.</summary>
    public int WriteStaticConf(string name, string more = "")
    {
        var port = FreePort();
        WriteConf(name, $"[server]\nport = {port}\n{more}\n[routes:line]\n/ = {WebPath}\n");
        return port;
    }

    /// <summary>Lets every user into <see cref="Root"/>, which is its owner's alone otherwise: for instances with a <c>user</c>.</summary>
    public void LetEverybodyIn() => File.SetUnixFileMode(
        Root,
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);

    public void RemoveConf(string name) => File.Delete(Path.Combine(EnabledPath, name + ".conf"));

    /// <summary>Runs a command of the executable to its end.</summary>
    public async Task<CommandResult> RunAsync(params string[] arguments)
    {
        using var process = Start(["--etc", EtcPath, .. arguments]);
        using var limit = new CancellationTokenSource(Deadline);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return new CommandResult(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException late)
        {
            process.Kill();
            throw new TimeoutException($"skitaid {string.Join(' ', arguments)} did not end", late);
        }
    }

    /// <summary>Starts a command and lets it run.</summary>
    public static Process Start(params string[] arguments) => StartWith([], arguments);

    /// <summary>Starts a command with some environment variables more and lets it run.</summary>
    public static Process StartWith(IReadOnlyList<(string Name, string Value)> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Executable, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Writes NAMEapp.py, below <see cref="Root"/>, and a conf that serves it; gives the port.</summary>
    public int WriteAppConf(string name, string source, string more = "")
    {
        File.WriteAllText(Path.Combine(Root, name + "app.py"), source);
        var port = FreePort();
        WriteConf(name, $"[server]\nport = {port}\npython = /usr/bin/python3\n{more}\n[routes:line]\n/ = {Root}/{name}app:app\n");
        return port;
    }

    /// <summary>Starts the daemon in the background.</summary>
    public async Task StartAsync()
    {
        var result = await RunAsync();
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    /// <summary><c>status --json</c>.</summary>
    public async Task<JsonElement> StatusAsync()
    {
        var result = await RunAsync("status", "--json");
        Assert.True(result.ExitCode == 0, result.ToString());
        using var document = JsonDocument.Parse(result.Output);
        return document.RootElement.Clone();
    }

    /// <summary>One instance of <c>status --json</c>; undefined when there is none of that name.</summary>
    public async Task<JsonElement> StatusAsync(string name) =>
        (await StatusAsync()).GetProperty("instances").EnumerateArray().FirstOrDefault(instance => instance.GetProperty("name").GetString() == name);

    public async Task<int> SupervisorPidAsync() => (await StatusAsync()).GetProperty("pid").GetInt32();

    public async Task<int> InstancePidAsync(string name) => (await StatusAsync(name)).GetProperty("pid").GetInt32();

    /// <summary>
    /// Waits for something to become true. A look may start a process: it pauses for as long as the look took, to leave the
    /// processor to what it waits for.
    /// </summary>
    public static async Task WaitAsync(string what, Func<Task<bool>> condition)
    {
        var clock = Stopwatch.StartNew();
        for (var before = TimeSpan.Zero; !await condition(); before = clock.Elapsed)
        {
            Assert.True(clock.Elapsed < Deadline, "waited in vain until " + what);
            var look = (clock.Elapsed - before).TotalMilliseconds;
            await Task.Delay((int)Math.Clamp(look, 50, 500), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits for something to become true.</summary>
    public static Task WaitAsync(string what, Func<bool> condition) => WaitAsync(what, () => Task.FromResult(condition()));

    /// <summary>Waits until an instance is served by another process than before.</summary>
    /// <param name="name">The instance.</param>
    /// <param name="before">The pid of the process that served it.</param>
    public Task WaitForAnotherProcessAsync(string name, int before) => WaitAsync($"another process than {before} served '{name}'", async () =>
        await StatusAsync(name) is { ValueKind: JsonValueKind.Object } status
            && status.GetProperty("state").GetString() == "running" && status.GetProperty("pid").GetInt32() != before);

    /// <summary>Every process that has to do with this tree: names it, or works in it.</summary>
    public IReadOnlyList<int> Processes()
    {
        List<int> pids = [];
        foreach (var directory in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            try
            {
                var alive = !File.ReadAllText(Path.Combine(directory, "stat")).Contains(") Z ", StringComparison.Ordinal);
                if (alive && (File.ReadAllText(Path.Combine(directory, "cmdline")).Contains(Root, StringComparison.Ordinal)
                    || new FileInfo(Path.Combine(directory, "cwd")).LinkTarget?.StartsWith(Root, StringComparison.Ordinal) == true))
                {
                    pids.Add(int.Parse(Path.GetFileName(directory)));
                }
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // It ended while we looked.
            }
        }

        return pids;
    }

    /// <summary>Waits until nothing of it is left.</summary>
    public Task WaitUntilNothingIsLeftAsync() => WaitAsync("no process was left", () => Processes().Count == 0);

    public static void Signal(int pid, int signal) => Posix.Kill(pid, signal);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        foreach (var pid in Processes())
        {
            Signal(pid, Posix.SigKill);
        }

        await WaitUntilNothingIsLeftAsync();
        Directory.Delete(Root, recursive: true);
    }

    private static string FindExecutable()
    {
        // tests/X/bin/Debug/net10.0/ -> src/Skitaid/bin/Debug/net10.0/
        var mine = AppContext.BaseDirectory.TrimEnd('/');
        var shape = Path.GetRelativePath(Path.Combine(mine, "..", "..", ".."), mine);
        return Path.GetFullPath(Path.Combine(mine, "..", "..", "..", "..", "..", "src", "Skitaid", shape, "skitaid"));
    }
}
