using System.Net;
using System.Net.Sockets;
using Skitai.Configuration.Settings;
using Skitai.Engine.Apps;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Tests.Apps;

/// <summary>A real engine with real Python workers, on a free port.</summary>
internal sealed class AppServer : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Instance _instance;

    private AppServer(Instance instance, AppPool pool, LineLog log, LineLog output, int port)
    {
        _instance = instance;
        Pool = pool;
        Log = log;
        Output = output;
        Port = port;
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, MaxConnectionsPerServer = 2000 })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{port}"),
            Timeout = Patience,
        };
    }

    public AppPool Pool { get; }

    public LineLog Log { get; }

    public LineLog Output { get; }

    public int Port { get; }

    public HttpClient Client { get; }

    /// <summary>The Python package of this source tree.</summary>
    public static string PythonPackage
    {
        get
        {
            var directory = new DirectoryInfo(AppContext.BaseDirectory);
            while (!Directory.Exists(Path.Combine(directory.FullName, "python", "skitai")))
            {
                directory = directory.Parent ?? throw new DirectoryNotFoundException("python/skitai");
            }

            return Path.Combine(directory.FullName, "python");
        }
    }

    /// <summary>The source of a module whose <c>app</c> answers everything with a word.</summary>
    public static string SourceOfApp(string word) => $"def app(e, s):\n    s('200 OK', [])\n    return [b'{word}']\n";

    public static Task<AppServer> StartAsync(
        string module = "many", string? directory = null, string mount = "/", int processes = 1, int threads = 2, TuneSettings? tune = null,
        string python = "/usr/bin/python3", string? spool = null) =>
        StartAsync(
            module, directory ?? Path.Combine(AppContext.BaseDirectory, "Apps", "TestApps"), [mount], processes, threads, tune ?? new TuneSettings(), python,
            spool);

    /// <summary>Serves one app, one pool of workers, at several paths.</summary>
    public static Task<AppServer> StartSharedAsync(params string[] mounts) =>
        StartAsync("many", Path.Combine(AppContext.BaseDirectory, "Apps", "TestApps"), mounts, 1, 2, new TuneSettings(), "/usr/bin/python3", null);

    private static async Task<AppServer> StartAsync(
        string module, string directory, string[] mounts, int processes, int threads, TuneSettings tune, string python, string? spool)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1024);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        var server = new ServerSettings { Port = port, Processes = processes, Threads = threads };
        var log = new LineLog();
        var output = new LineLog();
        var pool = new AppPool(
            new AppPoolSettings
            {
                Target = new AppTarget(directory, module, "app"),
                Server = server,
                Tune = tune,
                Python = python,
                PythonPackage = PythonPackage,
                InstanceName = "test",
                Mounts = mounts,
                SpoolDirectories = [spool ?? Path.GetTempPath()],
            },
            log,
            output,
            TimeProvider.System);
        Mount[] all = [.. mounts.Select(path => new AppMount(path, pool))];
        var settings = new InstanceSettings { Name = "test", ConfPath = "/test.conf", Server = server, Tune = new TuneSettings { MaxBodySize = tune.MaxBodySize } };
        var descriptor = Duplicate(listener);
        return new AppServer(await Instance.StartAsync(settings, descriptor, all, cancellation), pool, log, output, port);
    }

    public Task<string> GetAsync(string url) => Client.GetStringAsync(url, TestContext.Current.CancellationToken);

    /// <summary>Waits for something to become true.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, "waited in vain: " + what);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _instance.DisposeAsync();
    }

    private static int Duplicate(Socket listener)
    {
        var copy = Descriptor.Duplicate((int)listener.SafeHandle.DangerousGetHandle());
        Assert.True(copy >= 0);
        return copy;
    }
}
