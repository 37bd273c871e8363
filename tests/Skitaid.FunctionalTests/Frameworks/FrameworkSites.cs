using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Frameworks;

/// <summary>
/// A daemon with an instance for each framework; each has the same site (Apps/*_site.py) mounted at the root and at /shop.
/// </summary>
public sealed class FrameworkSites : IAsyncLifetime
{
    private static readonly string[] s_frameworks = ["flask", "django", "bottle"];

    private readonly Dictionary<string, int> _ports = new(StringComparer.Ordinal);
    private readonly TestDaemon _daemon = new();

    /// <summary>Every framework with every mount; a mount's path ends without a slash.</summary>
    public static TheoryData<string, string> Mounts()
    {
        var mounts = new TheoryData<string, string>();
        foreach (var framework in s_frameworks)
        {
            mounts.Add(framework, "");
            mounts.Add(framework, "/shop");
        }

        return mounts;
    }

    public async ValueTask InitializeAsync()
    {
        foreach (var framework in s_frameworks)
        {
            var app = _daemon.AddApp(framework + "_site");
            _ports[framework] = TestDaemon.FreePort();
            _daemon.WriteConf(framework, $"[server]\nport = {_ports[framework]}\npython = {TestApps.DebianPython}\n[routes:line]\n/ = {app}:app\n/shop = {app}:app\n");
        }

        await _daemon.StartAsync();
    }

    public int Port(string framework) => _ports[framework];

    /// <summary>A client as a browser: keeps cookies; but does not follow redirects.</summary>
    public HttpClient Browser(string framework, string mount) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = TestApps.Url(_ports[framework], mount + "/"), Timeout = TestDaemon.Deadline };

    /// <summary>Waits until the framework's app.log has a text; gives the log.</summary>
    public async Task<string> WaitForAppLogAsync(string framework, string text)
    {
        var file = Path.Combine(_daemon.LogPath, "instances", framework, "app.log");
        await TestDaemon.WaitAsync($"{framework}'s app.log had '{text}'", () => File.Exists(file) && File.ReadAllText(file).Contains(text, StringComparison.Ordinal));
        return await File.ReadAllTextAsync(file);
    }

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();
}
