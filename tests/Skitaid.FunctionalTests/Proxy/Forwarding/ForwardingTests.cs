using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Skitaid.FunctionalTests.Harness;
using Skitaid.FunctionalTests.Proxy.Commands;

namespace Skitaid.FunctionalTests.Proxy.Forwarding;

/// <summary>The daemon in front of members, with others' programs as clients.</summary>
public sealed class ForwardingTests
{
    private const string CountingApp = """
        import hashlib
        def app(environ, start_response):
            count, digest = 0, hashlib.sha256()
            while True:
                piece = environ['wsgi.input'].read(65536)
                if not piece:
                    break
                count += len(piece)
                digest.update(piece)
            if environ['PATH_INFO'] == '/large':
                start_response('200 OK', [('Content-Length', str(200 << 20))])
                return (b'x' * (1 << 20) for _ in range(200))
            start_response('200 OK', [])
            return [f"{count} {digest.hexdigest()} {environ['PATH_INFO']} {environ.get('HTTP_X_FORWARDED_FOR')}".encode()]
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>In front of another skitaid; both ways, by both HTTP versions, and the proxy's memory stays small.</summary>
    [Fact]
    public async Task Bodies_of_200_megabytes_pass_whole_and_with_flat_memory()
    {
        ClientProgram.Require("curl");
        await using var daemon = new TestDaemon();
        var back = daemon.WriteAppConf("back", CountingApp, "[tunefactors]\nmax_body_size = 1G");
        var port = TestDaemon.FreePort();
        daemon.WriteConf("front", $"[server]\nport = {port}\n[tunefactors]\nmax_body_size = 1G\n[routes:line]\n/api = @back\n[@back]\nmembers = 127.0.0.1:{back}\nresponse_timeout = 60s\n");
        await daemon.StartAsync();
        var pid = await daemon.InstancePidAsync("front");
        var file = Path.Combine(daemon.Root, "upload");
        var bytes = new byte[1 << 20];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using (var upload = File.Create(file))
        {
            for (var number = 0; number < 200; number++)
            {
                Random.Shared.NextBytes(bytes);
                hash.AppendData(bytes);
                await upload.WriteAsync(bytes, Cancellation);
            }
        }

        var expected = $"{200 << 20} {Convert.ToHexStringLower(hash.GetHashAndReset())} /up 127.0.0.1";
        var most = 0L;
        foreach (var version in new[] { "--http1.1", "--http2-prior-knowledge" })
        {
            foreach (var framing in new[] { "X-Framing: length", "Transfer-Encoding: chunked" })
            {
                var sent = await ClientProgram.RunAsync("curl", "-sS", version, "-T", file, "-H", framing, "-H", "Expect:", "-X", "POST", $"http://127.0.0.1:{port}/api/up");
                Assert.Equal(expected, sent.Output);
                most = Math.Max(most, ResidentBytes(pid));
            }

            var got = await ClientProgram.RunAsync("curl", "-sS", version, "-o", "/dev/null", "-w", "%{http_code} %{size_download}", $"http://127.0.0.1:{port}/api/large");
            Assert.Equal($"200 {200 << 20}", got.Output);
            most = Math.Max(most, ResidentBytes(pid));
        }

        Assert.InRange(most, 0, 200L << 20);
    }

    [Theory]
    [InlineData("https")]
    [InlineData("http")]
    public async Task Many_streams_lose_nothing_while_a_member_goes(string scheme)
    {
        ClientProgram.Require("h2load");
        await using var site = await ClusterSite.StartAsync();
        if (scheme == "https")
        {
            var (certFile, keyFile) = TestCertificate.Write(site.Daemon.Root);
            site.WriteConf($"slow_start = 0\n[ssl]\nenable_ssl = yes\ncertfile = {certFile}\nkeyfile = {keyFile}");
            var restarted = await site.RunAsync("restart");
            Assert.True(restarted.ExitCode == 0, restarted.ToString());
        }

        var load = ClientProgram.RunAsync("h2load", "-n", "6000", "-c", "4", "-m", "25", $"{scheme}://127.0.0.1:{site.Port}/");
        await TestDaemon.WaitAsync("no request came", () => site.One.Requests > 300);
        await site.One.RefuseAsync();
        var result = await load;
        Assert.Contains("6000 succeeded, 0 failed, 0 errored", result.Output, StringComparison.Ordinal);
        Assert.Contains("6000 2xx, 0 3xx, 0 4xx, 0 5xx", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restart_says_goodbye_to_websockets_whose_clients_come_back_at_once()
    {
        await using var member = new EchoingMember();
        await using var daemon = new TestDaemon();
        var port = TestDaemon.FreePort();
        daemon.WriteConf("chat", $"[server]\nport = {port}\n[routes:line]\n/ = @chat\n[@chat]\nmembers = {member.Authority}\n");
        await daemon.StartAsync();
        var sockets = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => OpenAsync(port)));
        await Task.WhenAll(sockets.Select(socket => EchoAsync(socket, "before")));
        var clock = Stopwatch.StartNew();
        var restarting = daemon.RunAsync("-f", "chat", "restart");
        await Task.WhenAll(sockets.Select(async socket =>
        {
            var got = await socket.ReceiveAsync(new byte[100].AsMemory(), Cancellation);
            Assert.Equal((WebSocketMessageType.Close, WebSocketCloseStatus.EndpointUnavailable), (got.MessageType, socket.CloseStatus));
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
            socket.Dispose();
            using var again = await OpenAsync(port);
            await EchoAsync(again, "after");
        }));
        var restarted = await restarting;
        Assert.True(restarted.ExitCode == 0, restarted.ToString());
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(25));
        Assert.All(member.Goodbyes, status => Assert.Equal(WebSocketCloseStatus.NormalClosure, status));
        Assert.InRange(member.Goodbyes.Count, 10, 20);
    }

    private static async Task<ClientWebSocket> OpenAsync(int port)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/"), Cancellation);
        return socket;
    }

    private static async Task EchoAsync(ClientWebSocket socket, string text)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes(text).AsMemory(), WebSocketMessageType.Text, true, Cancellation);
        var buffer = new byte[100];
        var got = await socket.ReceiveAsync(buffer.AsMemory(), Cancellation);
        Assert.Equal(text, Encoding.UTF8.GetString(buffer, 0, got.Count));
    }

    private static long ResidentBytes(int pid) => long.Parse(
        File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) * 1024;
}
