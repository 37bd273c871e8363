using System.Net;
using System.Net.Sockets;
using System.Text;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Tests.Apps;

/// <summary>Answers that take long: slow readers, time-outs, files, HTTP/2.</summary>
public sealed class AppAnswersTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_that_takes_nothing_of_a_stream_is_cut_and_the_thread_comes_back()
    {
        await using var server = await AppServer.StartAsync(threads: 1, tune: new TuneSettings { ResponseTimeout = TimeSpan.FromSeconds(1) });
        using var client = await AskAsync(server, "/flood");
        await AppServer.UntilAsync(() => server.Pool.Status().Workers[0] is { Requests: 1, InHand: 0 }, "the thread is free");
        Assert.Equal("1", await server.GetAsync("/closed"));
        await UntilCutAsync(client);
    }

    [Fact]
    public async Task A_client_that_takes_nothing_of_a_file_is_cut_and_the_file_closed()
    {
        await using var server = await AppServer.StartAsync(tune: new TuneSettings { ResponseTimeout = TimeSpan.FromSeconds(1) });
        using var directory = new TemporaryDirectory();
        var path = MakeFile(directory, 200_000_000);
        using var client = await AskAsync(server, "/file?" + path);
        await AppServer.UntilAsync(() => IsOpenHere(path), "it is being sent");
        await AppServer.UntilAsync(() => !IsOpenHere(path), "it is closed");
        await UntilCutAsync(client);
    }

    [Theory]
    [InlineData("/big?12000000")]
    [InlineData("/file?")]
    public async Task A_client_that_is_slow_but_moves_gets_all(string url)
    {
        await using var server = await AppServer.StartAsync(tune: new TuneSettings { ResponseTimeout = TimeSpan.FromSeconds(2) });
        using var directory = new TemporaryDirectory();
        using var client = await AskAsync(server, url == "/file?" ? url + MakeFile(directory, 12_000_000) : url);
        var buffer = new byte[300_000];
        long total = 0;
        for (var count = 1; count > 0;)
        {
            await Task.Delay(80, Cancellation); // the client's own pace, 3 s for all at the least
            count = await client.ReceiveAsync(buffer, SocketFlags.None, Cancellation);
            total += count;
        }

        Assert.InRange(total, 12_000_000, 12_010_000);
    }

    [Fact]
    public async Task A_file_that_becomes_shorter_while_it_is_sent_is_no_whole_answer()
    {
        await using var server = await AppServer.StartAsync();
        using var directory = new TemporaryDirectory();
        var path = MakeFile(directory, 50_000_000);
        using var client = await AskAsync(server, "/file?" + path);
        var buffer = new byte[100_000];
        long total = await client.ReceiveAsync(buffer, SocketFlags.None, Cancellation);
        Assert.Contains("Content-Length: 50000000\r\n", Encoding.ASCII.GetString(buffer, 0, 300), StringComparison.Ordinal);
        await using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(1000);
        }

        total += await UntilCutAsync(client);
        Assert.InRange(total, 1, 50_000_000);
        Assert.Equal("GET  /a", await server.GetAsync("/a"));
    }

    [Fact]
    public async Task A_stream_past_app_timeout_is_cut_and_closed()
    {
        await using var server = await AppServer.StartAsync(tune: new TuneSettings { AppTimeout = TimeSpan.FromSeconds(1) });
        await Assert.ThrowsAsync<HttpRequestException>(() => server.GetAsync("/endless"));
        await AppServer.UntilAsync(() => server.Pool.Status().Workers[0].InHand == 0, "the thread is free");
        Assert.Equal("1", await server.GetAsync("/closed"));
    }

    [Fact]
    public async Task An_app_is_served_over_HTTP_2()
    {
        await using var server = await AppServer.StartAsync();
        server.Client.DefaultRequestVersion = HttpVersion.Version20;
        server.Client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        Assert.Equal("GET  /a", await server.GetAsync("/a"));
        Assert.Contains("SERVER_PROTOCOL=HTTP/2", await server.GetAsync("/environ"), StringComparison.Ordinal);
        var body = new byte[3_000_000];
        using (var answer = await server.Client.PostAsync("/hash", new ByteArrayContent(body), Cancellation))
        {
            Assert.StartsWith("3000000 ", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }

        Assert.Equal(3_000_000, (await server.Client.GetByteArrayAsync("/big?3000000", Cancellation)).Length);
        using var directory = new TemporaryDirectory();
        Assert.Equal(3_000_000, (await server.Client.GetByteArrayAsync("/file?" + MakeFile(directory, 3_000_000), Cancellation)).Length);
        Assert.Equal("not read", await (await server.Client.PostAsync("/unread", new ByteArrayContent(body), Cancellation)).Content.ReadAsStringAsync(Cancellation));
        using (var answer = await server.Client.GetAsync("/endless", HttpCompletionOption.ResponseHeadersRead, Cancellation))
        {
            await using var stream = await answer.Content.ReadAsStreamAsync(Cancellation);
            await stream.ReadExactlyAsync(new byte[5000], Cancellation);
        }

        await AppServer.UntilAsync(() => server.Pool.Status().Workers[0].InHand == 0, "the stream was reset, the thread is free");
        Assert.Equal("1", await server.GetAsync("/closed"));
    }

    private static string MakeFile(TemporaryDirectory directory, long size)
    {
        var path = Path.Combine(directory.Path, "file");
        using var file = File.Create(path);
        file.SetLength(size);
        return path;
    }

    /// <summary>A request on a connection whose answer nobody takes before the caller does.</summary>
    private static async Task<Socket> AskAsync(AppServer server, string url)
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 64 * 1024 };
        await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port), Cancellation);
        await client.SendAsync(Encoding.ASCII.GetBytes($"GET {url} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), SocketFlags.None, Cancellation);
        return client;
    }

    /// <summary>Takes what is on its way until the connection ends.</summary>
    private static async Task<long> UntilCutAsync(Socket client)
    {
        var buffer = new byte[100_000];
        long total = 0;
        try
        {
            while (await client.ReceiveAsync(buffer, SocketFlags.None, Cancellation).AsTask().WaitAsync(AppServer.Patience, Cancellation) is > 0 and var count)
            {
                total += count;
            }
        }
        catch (SocketException)
        {
            // A reset is an end, too.
        }

        return total;
    }

    private static bool IsOpenHere(string path) => Directory.EnumerateFiles("/proc/self/fd").Any(entry => LinkTarget(entry) == path);

    private static string? LinkTarget(string entry)
    {
        try
        {
            return new FileInfo(entry).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
