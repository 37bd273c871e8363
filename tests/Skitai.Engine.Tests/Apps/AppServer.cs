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
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, MaxConnectionsPerServer = 64 })
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

    public static Task<AppServer> StartAsync(
        string module = "many", string? directory = null, string mount = "/", int processes = 1, int threads = 2, TuneSettings? tune = null) =>
        StartAsync(module, directory ?? Path.Combine(AppContext.BaseDirectory, "Apps", "TestApps"), [mount], processes, threads, tune ?? new TuneSettings());

    private static async Task<AppServer> StartAsync(
        string module, string directory, string[] mounts, int processes, int threads, TuneSettings tune)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(128);
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
                Python = "/usr/bin/python3",
                PythonPackage = PythonPackage,
                InstanceName = "test",
                Mounts = mounts,
            },
            log,
            output,
            TimeProvider.System);
        Mount[] all = [.. mounts.Select(path => new AppMount(path, pool))];
        var settings = new InstanceSettings { Name = "test", ConfPath = "/test.conf", Server = server };
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
