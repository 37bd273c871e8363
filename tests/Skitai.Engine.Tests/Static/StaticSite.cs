using System.Net;
using System.Net.Sockets;
using System.Text;
using Skitai.Configuration.Settings;
using Skitai.Engine.Hosting;
using Skitai.Engine.Routing;
using Skitai.Engine.Static;

namespace Skitai.Engine.Tests.Static;

/// <summary>A directory of its own under a real Kestrel, and a client that changes nothing of what it is told to send.</summary>
internal sealed class StaticSite : IAsyncDisposable
{
    private readonly DirectoryInfo _home;
    private readonly Instance _instance;
    private readonly HttpClient _client;

    private StaticSite(DirectoryInfo home, StaticMount mount, WatchedMount watched, Instance instance, int port)
    {
        _home = home;
        _instance = instance;
        Mount = mount;
        Watched = watched;
        Port = port;
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{port}"),
        };
    }

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The served directory.</summary>
    public string Root => Path.Combine(_home.FullName, "www");

    /// <summary>What is beside the served directory, and never to be seen.</summary>
    public string Outside => _home.FullName;

    public StaticMount Mount { get; }

    public WatchedMount Watched { get; }

    public int Port { get; }

    public static async Task<StaticSite> StartAsync(
        string mountPath = "/", TimeProvider? time = null, TimeSpan? maxAge = null, string servedAs = "www")
    {
        var home = Directory.CreateTempSubdirectory("skitai-static-");
        home.CreateSubdirectory("www");
        for (var tries = 1; ; tries++)
        {
            var mount = new StaticMount(
                mountPath, Path.Combine(home.FullName, servedAs), maxAge ?? TimeSpan.FromSeconds(300), TimeSpan.FromSeconds(10), time);
            var watched = new WatchedMount(mountPath, mount);
            var port = FreePort();
            var settings = new InstanceSettings { Name = "test", ConfPath = "/test.conf", Server = new ServerSettings { Port = port } };
            try
            {
                return new StaticSite(home, mount, watched, await Instance.StartAsync(settings, null, [watched], Cancellation), port);
            }
            catch (IOException) when (tries < 5)
            {
                // somebody else took the port
            }
        }
    }

    public string Write(string name, string content) => Write(name, Encoding.UTF8.GetBytes(content));

    public string Write(string name, byte[] content)
    {
        var path = Path.Combine(Root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    public string WriteSparse(string name, long size)
    {
        var path = Path.Combine(Root, name);
        using var file = File.Create(path);
        file.SetLength(size);
        return path;
    }

    public Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, headers);

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return _client.SendAsync(request, Cancellation);
    }

    public async Task<string> ReadAsync(string path)
    {
        using var answer = await GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(Cancellation);
    }

    /// <summary>Sends a request as it is written and reads the answer to the end of the connection.</summary>
    public async Task<string> SendRawAsync(string head)
    {
        using var socket = await ConnectAsync(head);
        var answer = new MemoryStream();
        await new NetworkStream(socket).CopyToAsync(answer, Cancellation);
        return Encoding.Latin1.GetString(answer.ToArray());
    }

    /// <summary>Connects, sends, and leaves the reading to the caller.</summary>
    public async Task<Socket> ConnectAsync(string head)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 64 * 1024 };
        await socket.ConnectAsync(IPAddress.Loopback, Port, Cancellation);
        await socket.SendAsync(Encoding.Latin1.GetBytes(head), Cancellation);
        return socket;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _instance.DisposeAsync();
        _home.Delete(recursive: true);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Tells when a request has left the mount, and what the exchange then said.</summary>
    internal sealed class WatchedMount(string path, StaticMount inner) : Mount(path)
    {
        private TaskCompletionSource<long> _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Completes with BytesSent when the next request is through.</summary>
        public Task<long> NextAsync()
        {
            _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _left.Task;
        }

        public override async ValueTask<MountOutcome> HandleAsync(Exchange exchange)
        {
            var left = _left;
            try
            {
                return await inner.HandleAsync(exchange);
            }
            finally
            {
                left.TrySetResult(exchange.BytesSent);
            }
        }
    }
}
