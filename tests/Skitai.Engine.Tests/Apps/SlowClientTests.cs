using System.Globalization;
using System.Net;
using System.Text;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Tests.Apps;

/// <summary>Clients that send or take slowly do so in their own time: the app's one thread is there for others.</summary>
public sealed class SlowClientTests
{
    private const int Blocks = 3000, Block = 8000; // 24 MB, more than sockets and credit hold

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task An_answer_that_waits_for_its_client_is_kept_and_the_app_goes_on(string version)
    {
        using var spool = new TemporaryDirectory();
        await using var server = await AppServer.StartAsync(threads: 1, spool: spool.Path);
        using var answer = await BeginAsync(server, version);
        await AppServer.UntilAsync(() => server.Pool.Status().Workers[0] is { Requests: 1, InHand: 0 }, "the app is done");
        Assert.Equal("GET  /a", await server.GetAsync("/a"));
        Assert.True(Kept(spool) > 5_000_000, $"{Kept(spool)} bytes are in the file");
        await AssertWholeAsync(answer);
        await AppServer.UntilAsync(() => Kept(spool) < 0, "the file is gone");
    }

    [Fact]
    public async Task What_is_beyond_buffer_answers_waits_in_the_app()
    {
        const long Most = 8_000_000; // more than the kernel takes at a time: the file is never quite empty meanwhile
        using var spool = new TemporaryDirectory();
        await using var server = await AppServer.StartAsync(spool: spool.Path, tune: new TuneSettings { BufferAnswers = Most });
        using var answer = await BeginAsync(server, "1.1");
        await AppServer.UntilAsync(() => Kept(spool) >= Most, "the file is full");
        Assert.Equal("GET  /a", await server.GetAsync("/a"));
        Assert.Contains(server.Pool.Status().Workers, worker => worker.InHand == 1);
        var largest = 0L;
        await AssertWholeAsync(answer, async () =>
        {
            await Task.Delay(10, Cancellation); // the client's own pace: it stays behind to the end
            largest = Math.Max(largest, Kept(spool));
        });
        Assert.InRange(largest, Most, Most + Skitai.Engine.Apps.Frame.MaxData);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100_000_000)]
    public async Task Without_a_file_the_app_waits_for_its_client(long most)
    {
        using var spool = new TemporaryDirectory();
        var nowhere = Path.Combine(spool.Path, "not", "there");
        await using var server = await AppServer.StartAsync(threads: 1, spool: nowhere, tune: new TuneSettings { BufferAnswers = most });
        using var answer = await BeginAsync(server, "1.1");
        var told = $"[Warning] app test:/: GET /numbers?{Blocks}: the app waits for its slow client, the answer cannot be kept in {nowhere}: No such file or directory (errno 2)";
        if (most > 0)
        {
            await AppServer.UntilAsync(() => Told() == 1, "the log said why");
        }

        await AssertWholeAsync(answer);
        Assert.Equal(most > 0 ? 1 : 0, Told());

        int Told() => server.Log.Lines.Count(line => line.StartsWith(told, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_worker_that_dies_does_not_take_along_what_is_kept()
    {
        using var spool = new TemporaryDirectory();
        await using var server = await AppServer.StartAsync(threads: 1, spool: spool.Path);
        using var answer = await BeginAsync(server, "1.1");
        await AppServer.UntilAsync(() => server.Pool.Status().Workers[0] is { Requests: 1, InHand: 0 }, "the app is done");
        await Assert.ThrowsAsync<HttpRequestException>(() => server.GetAsync("/exit"));
        await AssertWholeAsync(answer);
    }

    [Fact]
    public async Task An_app_that_hangs_when_its_client_has_caught_up_is_timed_out()
    {
        using var spool = new TemporaryDirectory();
        await using var server = await AppServer.StartAsync(spool: spool.Path, tune: new TuneSettings { AppTimeout = TimeSpan.FromSeconds(3) });
        using var answer = await BeginAsync(server, "1.1", "/numbers-then-stuck");
        await AppServer.UntilAsync(() => Kept(spool) > 5_000_000, "the client is behind");
        await using var stream = await answer.Content.ReadAsStreamAsync(Cancellation);
        await AssertBlocksAsync(stream);
        await Assert.ThrowsAnyAsync<IOException>(() => stream.ReadAsync(new byte[1], Cancellation).AsTask().WaitAsync(AppServer.Patience, Cancellation));
        server.Pool.Kill(); // else the end waits for what hangs
    }

    [Fact]
    public async Task An_upload_on_its_way_holds_no_thread()
    {
        await using var server = await AppServer.StartAsync(threads: 1);
        using var client = await Hosting.RawClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port));
        await client.SendAsync("POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + new string('x', 900_000));
        Assert.Equal("GET  /a", await server.GetAsync("/a"));
        Assert.Equal(1, server.Pool.Status().Workers[0].Requests);
        await client.SendAsync(new string('x', 100_000));
        Assert.Equal("1000000 1000000", (await client.ReadAsync())?.Body);
    }

    /// <summary>Asks for a long answer and takes nothing of it but its head.</summary>
    private static async Task<HttpResponseMessage> BeginAsync(AppServer server, string version, string path = "/numbers")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{path}?{Blocks}")
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        return await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }

    private static async Task AssertWholeAsync(HttpResponseMessage answer, Func<Task>? pause = null)
    {
        Assert.Equal(Blocks * (long)Block, answer.Content.Headers.ContentLength);
        await using var stream = await answer.Content.ReadAsStreamAsync(Cancellation);
        await AssertBlocksAsync(stream, pause);
        Assert.Equal(0, await stream.ReadAsync(new byte[1], Cancellation));
    }

    private static async Task AssertBlocksAsync(Stream stream, Func<Task>? pause = null)
    {
        var block = new byte[Block];
        for (var i = 0; i < Blocks; i++)
        {
            if (pause is not null && i % 20 == 0)
            {
                await pause();
            }

            await stream.ReadExactlyAsync(block, Cancellation).AsTask().WaitAsync(AppServer.Patience, Cancellation);
            var number = Encoding.ASCII.GetBytes(i.ToString("D8", CultureInfo.InvariantCulture));
            for (var at = 0; at < Block; at += number.Length)
            {
                Assert.True(block.AsSpan(at, number.Length).SequenceEqual(number), $"wrong bytes in block {i}");
            }
        }
    }

    /// <summary>Bytes in the nameless file of a directory; -1 = there is none.</summary>
    private static long Kept(TemporaryDirectory spool)
    {
        foreach (var descriptor in spool.OpenFiles())
        {
            try
            {
                using var file = new FileStream(descriptor, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                return file.Length;
            }
            catch (IOException)
            {
                // Closed meanwhile.
            }
        }

        return -1;
    }
}
