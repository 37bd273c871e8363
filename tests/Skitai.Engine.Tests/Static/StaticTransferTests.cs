using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;

namespace Skitai.Engine.Tests.Static;

public sealed class StaticTransferTests
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_big_file_arrives_whole_and_the_connection_lives_on()
    {
        await using var site = await StaticSite.StartAsync();
        var content = new byte[5_000_003];
        new Random(1).NextBytes(content);
        site.Write("big.bin", content);
        for (var i = 0; i < 2; i++)
        {
            var sent = site.Watched.NextAsync();
            using var answer = await site.GetAsync("/big.bin");
            Assert.Equal(content, await answer.Content.ReadAsByteArrayAsync(Cancellation));
            Assert.Equal(content.Length, await sent.WaitAsync(s_deadline, Cancellation));
        }
    }

    [Fact]
    public async Task A_file_that_shrinks_while_it_is_sent_cuts_the_connection()
    {
        await using var site = await StaticSite.StartAsync();
        const long size = 200_000_000;
        var path = site.WriteSparse("big.bin", size);
        var left = site.Watched.NextAsync();
        using var socket = await site.ConnectAsync("GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.True(await socket.ReceiveAsync(new byte[1000], Cancellation) > 0);
        using (var file = File.OpenWrite(path))
        {
            file.SetLength(1000);
        }

        Assert.True(await DrainAsync(socket) < size);
        Assert.True(await left.WaitAsync(s_deadline, Cancellation) < size);
    }

    [Fact]
    public async Task A_file_that_grows_while_it_is_sent_ends_where_it_was_promised_to()
    {
        await using var site = await StaticSite.StartAsync();
        const int size = 30_000_000;
        var path = site.WriteSparse("big.bin", size);
        using var socket = await site.ConnectAsync("GET /big.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        var first = new byte[2000];
        var got = await socket.ReceiveAsync(first, Cancellation);
        await File.AppendAllTextAsync(path, new string('x', 1_000_000), Cancellation);
        var head = Encoding.Latin1.GetString(first, 0, got);
        Assert.Contains($"Content-Length: {size}\r\n", head, StringComparison.Ordinal);
        var headLength = head.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        Assert.Equal(size, got - headLength + await DrainAsync(socket));
    }

    [Fact]
    public async Task A_client_that_leaves_ends_the_sending_and_the_file_is_closed()
    {
        await using var site = await StaticSite.StartAsync();
        const long size = 1_000_000_000;
        var path = site.WriteSparse("big.bin", size);
        var left = site.Watched.NextAsync();
        using (var socket = await site.ConnectAsync("GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n"))
        {
            Assert.True(await socket.ReceiveAsync(new byte[100_000], Cancellation) > 0);
            Assert.True(IsOpen(path));
        }

        Assert.True(await left.WaitAsync(s_deadline, Cancellation) < size);
        Assert.False(IsOpen(path));
    }

    [Fact]
    public async Task A_client_that_takes_nothing_is_cut_off_when_patience_ends()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var site = await StaticSite.StartAsync(time: time);
        const long size = 1_000_000_000;
        site.WriteSparse("big.bin", size);
        var left = site.Watched.NextAsync();
        using var socket = await site.ConnectAsync("GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
        using var deadline = new CancellationTokenSource(s_deadline);
        while (!left.IsCompleted)
        {
            Assert.False(deadline.IsCancellationRequested, "the stalled client was not cut off");
            time.Advance(TimeSpan.FromSeconds(10));
            await Task.WhenAny(left, Task.Delay(20, Cancellation));
        }

        Assert.True(await DrainAsync(socket) < size);
    }

    [Fact]
    public async Task A_slow_client_that_takes_something_is_not_cut_off()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var site = await StaticSite.StartAsync(time: time);
        const long size = 100_000_000;
        site.WriteSparse("big.bin", size);
        using var socket = await site.ConnectAsync("GET /big.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        var buffer = new byte[64 * 1024];
        long total = 0;
        for (var until = 20_000_000L; total < size; until += 20_000_000)
        {
            // More than the kernel holds on both sides: between any two looks, which are two of these steps apart,
            // something was acknowledged for sure.
            int read;
            while (total < until && (read = await socket.ReceiveAsync(buffer, Cancellation)) > 0)
            {
                total += read;
            }

            Assert.True(total >= Math.Min(until, size), "cut off");
            time.Advance(TimeSpan.FromSeconds(5));
        }
    }

    [Fact]
    public async Task Small_files_are_kept_in_memory_and_changes_are_seen_at_once()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow.AddHours(1));
        await using var site = await StaticSite.StartAsync(time: time);
        var path = site.Write("a.txt", "one");
        Assert.Equal("one", await site.ReadAsync("/a.txt"));
        Assert.True(site.Mount.CachedBytes > 0);

        site.Write("a.txt", "two");
        Assert.Equal("two", await site.ReadAsync("/a.txt"));

        var modified = File.GetLastWriteTimeUtc(path);
        site.Write("a.txt", "six");
        File.SetLastWriteTimeUtc(path, modified);
        Assert.Equal("six", await site.ReadAsync("/a.txt"));

        site.Write("b.txt", "moved");
        File.Move(Path.Combine(site.Root, "b.txt"), path, overwrite: true);
        Assert.Equal("moved", await site.ReadAsync("/a.txt"));

        File.Delete(path);
        using (var gone = await site.GetAsync("/a.txt"))
        {
            Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        }

        Assert.Equal(0, site.Mount.CachedBytes);
    }

    [Fact]
    public async Task A_sibling_that_appears_or_goes_is_seen_at_once()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow.AddHours(1));
        await using var site = await StaticSite.StartAsync(time: time);
        site.Write("a.txt", "plain");
        Assert.Equal("plain", await site.ReadAsync("/a.txt"));

        var sibling = site.Write("a.txt.br", "packed");
        using (var answer = await site.GetAsync("/a.txt", ("Accept-Encoding", "br")))
        {
            Assert.Equal("packed", await answer.Content.ReadAsStringAsync(Cancellation));
        }

        File.Delete(sibling);
        using (var answer = await site.GetAsync("/a.txt", ("Accept-Encoding", "br")))
        {
            Assert.Equal("plain", await answer.Content.ReadAsStringAsync(Cancellation));
        }
    }

    [Fact]
    public async Task A_better_index_file_that_appears_is_seen_at_once()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow.AddHours(1));
        await using var site = await StaticSite.StartAsync(time: time);
        site.Write("index.htm", "htm");
        Assert.Equal("htm", await site.ReadAsync("/"));
        Assert.True(site.Mount.CachedBytes > 0);
        site.Write("index.html", "html");
        Assert.Equal("html", await site.ReadAsync("/"));
    }

    [Fact]
    public async Task A_file_changed_a_moment_ago_is_not_kept_yet()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var site = await StaticSite.StartAsync(time: time);
        site.Write("a.txt", "one");
        Assert.Equal("one", await site.ReadAsync("/a.txt"));
        Assert.Equal(0, site.Mount.CachedBytes);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("one", await site.ReadAsync("/a.txt"));
        Assert.True(site.Mount.CachedBytes > 0);
    }

    private static bool IsOpen(string path) =>
        Directory.EnumerateFileSystemEntries("/proc/self/fd").Any(link => new FileInfo(link).LinkTarget == path);

    private static async Task<long> DrainAsync(Socket socket)
    {
        var buffer = new byte[64 * 1024];
        long total = 0;
        try
        {
            int read;
            while ((read = await socket.ReceiveAsync(buffer, Cancellation)) > 0)
            {
                total += read;
            }
        }
        catch (SocketException)
        {
            // reset: cut off
        }

        return total;
    }
}
