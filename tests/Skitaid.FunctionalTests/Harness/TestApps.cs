using System.Net;

namespace Skitaid.FunctionalTests.Harness;

/// <summary>Python apps on a <see cref="TestDaemon"/>: put in place, served, and what they left in the logs.</summary>
internal static class TestApps
{
    /// <summary>Debian's interpreter: the one that its python3-flask and its like belong to.</summary>
    public const string DebianPython = "/usr/bin/python3";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Copies Apps/NAME.py into the tree; gives what a mount names it by, without the callable.</summary>
    public static string AddApp(this TestDaemon daemon, string name)
    {
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Apps", name + ".py"), Path.Combine(daemon.Root, name + ".py"), overwrite: true);
        return Path.Combine(daemon.Root, name);
    }

    /// <summary>Writes an app of a few lines into the tree, as an editor does: never half a file.</summary>
    public static string WriteApp(this TestDaemon daemon, string name, string source)
    {
        var file = Path.Combine(daemon.Root, name + ".py");
        File.WriteAllText(file + ".draft", source);
        File.Move(file + ".draft", file, overwrite: true);
        return Path.Combine(daemon.Root, name);
    }

    /// <summary>Writes the conf of the instance "example" with these routes and starts the daemon; gives the port.</summary>
    public static async Task<int> ServeAsync(this TestDaemon daemon, string routes, string server = "", string more = "")
    {
        var port = TestDaemon.FreePort();
        daemon.WriteConf("example", $"[server]\nport = {port}\n{server}\n{more}\n[routes:line]\n{routes}\n");
        await daemon.StartAsync();
        return port;
    }

    /// <summary>What a log of the instance "example" holds: <c>app</c>, <c>server</c> or <c>request</c>.</summary>
    public static string InstanceLog(this TestDaemon daemon, string log)
    {
        var file = Path.Combine(daemon.LogPath, "instances", "example", log + ".log");
        return File.Exists(file) ? File.ReadAllText(file) : "";
    }

    /// <summary>Waits until a log of the instance "example" has a text; gives the log.</summary>
    public static async Task<string> WaitForLogAsync(this TestDaemon daemon, string log, string text)
    {
        await TestDaemon.WaitAsync($"{log}.log had '{text}'", () => daemon.InstanceLog(log).Contains(text, StringComparison.Ordinal));
        return daemon.InstanceLog(log);
    }

    public static Uri Url(int port, string path = "/") => new($"http://127.0.0.1:{port}{path}");

    /// <summary>GET, with the answer's status and text.</summary>
    public static async Task<(HttpStatusCode Status, string Text)> GetAsync(this TestDaemon daemon, int port, string path)
    {
        using var answer = await daemon.Client.GetAsync(Url(port, path), Cancellation);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }
}
