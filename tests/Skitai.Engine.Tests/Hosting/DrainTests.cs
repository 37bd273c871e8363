using System.Net;
using System.Net.Sockets;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Tests.Hosting;

public sealed class DrainTests
{
    private const int F_DUPFD = 0;
    private static int _copies;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task An_idle_connection_may_send_one_last_request()
    {
        await using var instance = await TestInstances.StartAsync(new TextMount("/"));
        using var client = await RawClient.ConnectAsync(instance.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Null((await client.ReadAsync())!["Connection"]);

        var drained = instance.DrainAsync(Limit, TestContext.Current.CancellationToken);
        await TestInstances.UntilAsync(() => instance.GetStatus().Draining, "the drain");
        await Assert.ThrowsAnyAsync<SocketException>(() => RawClient.ConnectAsync(instance.Address));
        Assert.False(drained.IsCompleted);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        var last = await client.ReadAsync();
        Assert.Equal((200, "close"), (last!.Status, last["Connection"]));
        Assert.True(await client.IsClosedAsync());
        await drained;
    }

    [Fact]
    public async Task What_is_in_flight_is_finished_and_what_hangs_is_cut_at_the_limit()
    {
        var release = new TaskCompletionSource();
        await using var instance = await TestInstances.StartAsync(new TextMount("/", async exchange =>
        {
            await (exchange.Path == "/slow" ? release.Task : Task.Delay(Timeout.Infinite, exchange.ClientGone));
            return await TextMount.WriteAsync(exchange, "done");
        }));
        using var slow = await RawClient.ConnectAsync(instance.Address);
        using var hanging = await RawClient.ConnectAsync(instance.Address);
        await slow.SendAsync("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
        await hanging.SendAsync("GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
        await TestInstances.UntilAsync(() => instance.GetStatus().InFlight == 2, "two requests");
        var drained = instance.DrainAsync(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        await TestInstances.UntilAsync(() => instance.GetStatus().Draining, "the drain");
        release.SetResult();

        // It came before the drain, and yet its answer is the last: the client is not to keep the connection.
        var answer = await slow.ReadAsync();
        Assert.Equal(("done", "close"), (answer!.Body, answer["Connection"]));
        Assert.True(await slow.IsClosedAsync());
        await drained;
        Assert.True(await hanging.IsClosedAsync());
        Assert.Equal(0, instance.GetStatus().Connections);
    }

    [Fact]
    public async Task An_http2_client_is_told_to_go_and_loses_nothing()
    {
        var release = new TaskCompletionSource();
        await using var instance = await TestInstances.StartAsync(new TextMount("/", async exchange =>
        {
            await release.Task;
            return await TextMount.WriteAsync(exchange, "done");
        }));
        using var http = Http2Tests.Http2Client(instance);
        var pending = http.GetStringAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);
        await TestInstances.UntilAsync(() => instance.GetStatus().InFlight == 1, "the request");
        var drained = instance.DrainAsync(Limit, TestContext.Current.CancellationToken);
        await TestInstances.UntilAsync(() => instance.GetStatus().Draining, "the drain");
        release.SetResult();
        Assert.Equal("done", await pending);
        await drained.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_shared_socket_passes_from_one_instance_to_the_next_under_load_without_a_failed_request()
    {
        using var shared = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        shared.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        shared.Listen();
        var address = (IPEndPoint)shared.LocalEndPoint!;
        var tune = new TuneSettings { KeepAlive = TimeSpan.FromSeconds(2) };
        var current = await StartOnAsync(shared, tune);
        using var enough = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 8).Select(number => Task.Run(() => LoadAsync(address, number % 2 == 0, enough.Token))).ToArray();
        for (var round = 0; round < 5; round++)
        {
            var served = current.GetStatus().Requests;
            await TestInstances.UntilAsync(() => current.GetStatus().Requests > served + 50, "some requests");
            var successor = await StartOnAsync(shared, tune);
            await current.DrainAsync(Limit, TestContext.Current.CancellationToken);
            await current.DisposeAsync();
            current = successor;
        }

        await enough.CancelAsync();
        var counts = await Task.WhenAll(clients);
        Assert.All(counts, count => Assert.True(count > 0));
        await current.DisposeAsync();

        // Nobody shut the shared socket down: it still takes connections for whoever comes next.
        using var client = await RawClient.ConnectAsync(address);
        using var accepted = await shared.AcceptAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<int> LoadAsync(IPEndPoint address, bool keepAlive, CancellationToken enough)
    {
        using var handler = new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromSeconds(1) };
        using var http = new HttpClient(handler) { BaseAddress = new Uri($"http://{address}"), Timeout = TimeSpan.FromSeconds(15) };
        http.DefaultRequestHeaders.ConnectionClose = !keepAlive;
        var count = 0;
        while (!enough.IsCancellationRequested)
        {
            // A POST: nobody repeats it behind our back.
            using var content = new ByteArrayContent(new byte[100]);
            using var answer = await http.PostAsync(new Uri("/", UriKind.Relative), content, CancellationToken.None);
            Assert.Equal("100", await answer.Content.ReadAsStringAsync(CancellationToken.None));
            count++;
            await Task.Delay(2, CancellationToken.None);
        }

        return count;
    }

    private static Task<Instance> StartOnAsync(Socket shared, TuneSettings tune) => Instance.StartAsync(
        TestInstances.Settings(tune), Duplicate((int)shared.Handle), [new TextMount("/", TextMount.CountAsync)], TestContext.Current.CancellationToken);

    private static int Duplicate(int descriptor)
    {
        // A new number each time: the epoll set of this one process still knows the closed numbers of the shared socket.
        var copy = Fcntl(descriptor, F_DUPFD, 500 + Interlocked.Add(ref _copies, 10));
        Assert.True(copy > 0);
        return copy;
    }

    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "fcntl")]
    private static extern int Fcntl(int descriptor, int command, int argument);
}
