using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Hostile;

/// <summary>A daemon with a directory and an app, impatient, for one test class: what a hostile client meets.</summary>
public class HostileSite : IAsyncLifetime
{
    private readonly string _times;

    public HostileSite()
        : this("header_timeout = 1s\nkeep_alive = 2s")
    {
    }

    /// <param name="times">Lines of [tunefactors].</param>
    protected HostileSite(string times) => _times = times;

    private const string App = """
        import time

        def app(environ, start_response):
            path = environ["PATH_INFO"]
            if path == "/stream":
                start_response("200 OK", [("Content-Type", "text/plain")])
                return (b"x" * 65536 for _ in range(4000))
            if path == "/raise":
                raise RuntimeError("the secret inside")
            if path == "/late":
                time.sleep(1)
            body = environ["wsgi.input"].read()
            answer = ("%s %s %d" % (environ["REQUEST_METHOD"], path, len(body))).encode("latin-1")
            start_response("200 OK", [("Content-Length", str(len(answer)))])
            return [answer]
        """;

    private readonly TestDaemon _daemon = new();
    private int _port;
    private int _pid;

    public TestDaemon Daemon => _daemon;

    public int Pid => _pid;

    public Uri Address => new($"http://127.0.0.1:{_port}/");

    public string RequestLog => Path.Combine(_daemon.LogPath, "instances", "hostile", "request.log");

    public long ResidentBytes => long.Parse(
        File.ReadLines($"/proc/{_pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;

    /// <summary>Open descriptors; without the runtime's own assemblies, which it opens when they are first needed.</summary>
    public int Descriptors => Directory.EnumerateFileSystemEntries($"/proc/{_pid}/fd")
        .Count(path => new FileInfo(path).LinkTarget?.EndsWith(".dll", StringComparison.Ordinal) == false);

    public async ValueTask InitializeAsync()
    {
        _port = TestDaemon.FreePort();
        await File.WriteAllTextAsync(Path.Combine(_daemon.Root, "wsgiapp.py"), App);
        await File.WriteAllBytesAsync(Path.Combine(_daemon.WebPath, "big"), new byte[50_000_000]);
        _daemon.WriteConf("hostile", $"""
            [server]
            port = {_port}
            [tunefactors]
            response_timeout = 1s
            {_times}
            max_connections = 300
            max_body_size = 1M
            [routes:line]
            /files = {_daemon.WebPath}
            /app = {_daemon.Root}/wsgiapp:app
            """);
        await _daemon.StartAsync();
        _pid = await _daemon.InstancePidAsync("hostile");
        Assert.Equal("GET /warm 0", await GetAsync("app/warm"));
        Assert.Equal("hello", await GetAsync("files/index.html"));
    }

    public async ValueTask DisposeAsync()
    {
        await _daemon.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    public Task<string> GetAsync(string path) => _daemon.Client.GetStringAsync(new Uri(Address, path), TestContext.Current.CancellationToken);

    internal Task<RawClient> ConnectAsync(int receiveBuffer = 0) => RawClient.ConnectAsync(_port, receiveBuffer);

    /// <summary>Other clients are served, and in the end no descriptor more is open than before.</summary>
    public async Task AssertUnharmedAsync(int descriptorsBefore)
    {
        await TestDaemon.WaitAsync("the app had a thread for others", async () =>
        {
            using var answer = await _daemon.Client.GetAsync(new Uri(Address, "app/after"), TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode && await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken) == "GET /after 0";
        });
        Assert.Equal("hello", await GetAsync("files/index.html"));
        // One kept-alive connection of our own HttpClient, and a file that is being looked at.
        await TestDaemon.WaitAsync($"its descriptors were closed ({descriptorsBefore} before)", () => Descriptors <= descriptorsBefore + 2);
        Assert.Equal(_pid, await _daemon.InstancePidAsync("hostile"));
    }
}
