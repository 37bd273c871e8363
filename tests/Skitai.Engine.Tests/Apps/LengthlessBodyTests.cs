using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Skitai.Configuration.Settings;
using Skitai.Engine.Apps;

namespace Skitai.Engine.Tests.Apps;

/// <summary>Request bodies without a Content-Length: gathered before the app gets them, beyond one frame in a file.</summary>
public sealed class LengthlessBodyTests : IDisposable
{
    private readonly TemporaryDirectory _spool = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _spool.Dispose();

    [Theory]
    [InlineData(1, "1.1")]
    [InlineData(65_535, "1.1")]
    [InlineData(65_536, "1.1")]
    [InlineData(65_537, "1.1")]
    [InlineData(300_000, "1.1")]
    [InlineData(65_536, "2.0")]
    [InlineData(300_000, "2.0")]
    public async Task An_app_gets_the_length_that_the_client_did_not_tell(int size, string version)
    {
        await using var server = await AppServer.StartAsync(spool: _spool.Path);
        Assert.Equal($"{size} {size}", await SendAsync(server, HttpMethod.Post, "/length", new byte[size], version));
        await AssertNothingIsLeftAsync();
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_body_far_beyond_the_worker_s_credit_arrives_byte_for_byte(string version)
    {
        await using var server = await AppServer.StartAsync(spool: _spool.Path);
        var body = new byte[20_000_000];
        new Random(3).NextBytes(body);
        Assert.Equal($"{body.Length} {Convert.ToHexStringLower(SHA256.HashData(body))}", await SendAsync(server, HttpMethod.Post, "/hash", body, version));
        await AssertNothingIsLeftAsync();
    }

    [Theory]
    [InlineData(200_000, true)]
    [InlineData(200_000, false)]
    [InlineData(3_000, true)]
    public async Task Max_body_size_is_about_the_body_not_about_its_chunks(int most, bool gathered)
    {
        await using var server = await AppServer.StartAsync(
            spool: _spool.Path, tune: new TuneSettings { MaxBodySize = most, BufferUploads = gathered });
        Assert.Equal(200, await StatusInSmallChunksAsync(most));
        Assert.Equal(413, await StatusInSmallChunksAsync(most + 1));
        await AssertNothingIsLeftAsync();

        async Task<int> StatusInSmallChunksAsync(int size)
        {
            using var client = new TcpClient("127.0.0.1", server.Port);
            var request = new StringBuilder("POST /length HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (var left = size; left > 0; left -= 30)
            {
                var length = Math.Min(30, left);
                request.Append(length.ToString("x")).Append("\r\n").Append('x', length).Append("\r\n");
            }

            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request.Append("0\r\n\r\n").ToString()), Cancellation);
            return int.Parse((await ReadUntilAsync(client, "\r\n\r\n"))[9..12]);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_chunk_s_size_beyond_all_numbers_is_a_bad_request(bool gathered)
    {
        await using var server = await AppServer.StartAsync(spool: _spool.Path, tune: new TuneSettings { BufferUploads = gathered });
        using var client = new TcpClient("127.0.0.1", server.Port);
        await client.GetStream().WriteAsync(
            "POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\nx\r\n"u8.ToArray(), Cancellation);
        Assert.StartsWith("HTTP/1.1 400 ", await ReadUntilAsync(client, "\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_the_app_does_not_read_is_dropped()
    {
        await using var server = await AppServer.StartAsync(spool: _spool.Path);
        Assert.Equal("not read", await SendAsync(server, HttpMethod.Post, "/unread", new byte[2_000_000], "1.1"));
        await AssertNothingIsLeftAsync();
        Assert.Equal("GET  /a", await server.GetAsync("/a"));
    }

    [Fact]
    public async Task With_buffer_uploads_off_the_app_reads_the_body_as_it_comes()
    {
        await using var server = await AppServer.StartAsync(spool: _spool.Path, threads: 1, tune: new TuneSettings { BufferUploads = false });
        using var client = await BeginUploadAsync(server, "/length", 100_000);
        await AppServer.UntilAsync(() => server.Pool.Status().Workers[0].InHand == 1, "the app has it before it is whole");
        await client.GetStream().WriteAsync("0\r\n\r\n"u8.ToArray(), Cancellation);
        Assert.EndsWith("\r\n\r\nNone 100000", await ReadUntilAsync(client, "None 100000"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_on_its_way_holds_no_thread_and_no_place_in_the_queue()
    {
        await using var server = await AppServer.StartAsync(spool: _spool.Path, threads: 1);
        using var client = await BeginUploadAsync(server, "/length", 100_000);
        await AppServer.UntilAsync(() => _spool.OpenFiles().Count == 1, "a part of the body is in a file");
        Assert.Empty(Directory.GetFileSystemEntries(_spool.Path));

        var status = server.Pool.Status();
        Assert.Equal((0, 0), (status.Waiting, status.Workers[0].InHand));
        Assert.Equal("GET  /a", await server.GetAsync("/a"));

        await client.GetStream().WriteAsync("3\r\nabc\r\n0\r\n\r\n"u8.ToArray(), Cancellation);
        await ReadUntilAsync(client, "\r\n\r\n100003 100003");
        await AssertNothingIsLeftAsync();
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(1000)]
    public async Task A_client_that_stalls_within_a_chunk_gets_408(int sent)
    {
        await using var server = await AppServer.StartAsync(spool: _spool.Path, tune: new TuneSettings { ResponseTimeout = TimeSpan.FromSeconds(0.5) });
        using var client = await BeginUploadAsync(server, "/hash", sent, whole: false);
        Assert.StartsWith("HTTP/1.1 408 ", await ReadUntilAsync(client, "\r\n\r\n"), StringComparison.Ordinal);
        await AssertNothingIsLeftAsync();
        Assert.Equal("GET  /a", await server.GetAsync("/a"));
    }

    [Fact]
    public async Task A_client_that_leaves_leaves_nothing_behind()
    {
        await using var server = await AppServer.StartAsync(spool: _spool.Path);
        using (await BeginUploadAsync(server, "/hash", 1_000_000, whole: false))
        {
            await AppServer.UntilAsync(() => _spool.OpenFiles().Count == 1, "a part of the body is in a file");
        }

        await AssertNothingIsLeftAsync();
        Assert.Equal("GET  /a", await server.GetAsync("/a"));
    }

    [Fact]
    public async Task A_body_that_outgrows_max_body_size_gets_413()
    {
        await using var server = await AppServer.StartAsync(spool: _spool.Path, tune: new TuneSettings { MaxBodySize = 200_000 });
        using var client = await BeginUploadAsync(server, "/hash", 190_000);
        await AppServer.UntilAsync(() => _spool.OpenFiles().Count == 1, "a part of the body is in a file");
        await client.GetStream().WriteAsync(Chunk(20_000, whole: true), Cancellation);
        Assert.StartsWith("HTTP/1.1 413 ", await ReadUntilAsync(client, "\r\n\r\n"), StringComparison.Ordinal);
        await AssertNothingIsLeftAsync();
        Assert.Equal("150000 150000", await SendAsync(server, HttpMethod.Post, "/length", new byte[150_000], "1.1"));
    }

    [Fact]
    public async Task A_client_that_expects_100_gets_it_when_gathering_begins()
    {
        await using var server = await AppServer.StartAsync(spool: _spool.Path);
        using var client = await AskAsync(server, "POST /length HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray());
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await ReadUntilAsync(client, "\r\n\r\n"));
        await client.GetStream().WriteAsync(Chunk(100_000, whole: true), Cancellation);
        await client.GetStream().WriteAsync("0\r\n\r\n"u8.ToArray(), Cancellation);
        await ReadUntilAsync(client, "\r\n\r\n100000 100000");
    }

    [Fact]
    public async Task A_PUT_whose_worker_dies_goes_to_the_next_one_with_its_whole_body()
    {
        await using var server = await AppServer.StartAsync(spool: _spool.Path);
        var mark = Path.Combine(_spool.Path, "mark");
        Assert.Equal("3000000", await SendAsync(server, HttpMethod.Put, "/die-once-reading?" + mark, new byte[3_000_000], "1.1"));
        File.Delete(mark);
        await AssertNothingIsLeftAsync();
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Without_a_place_on_disk_the_answer_is_503_and_the_log_says_why(string version)
    {
        var nowhere = Path.Combine(_spool.Path, "not", "there");
        await using var server = await AppServer.StartAsync(spool: nowhere);
        foreach (var size in new[] { 300_000, 3_000_000 })
        {
            using var request = Request(HttpMethod.Post, "/hash", new byte[size], version);
            using var answer = await server.Client.SendAsync(request, Cancellation);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        }

        Assert.Equal(2, server.Log.ToString().Split('\n').Count(line => line.Contains($"cannot be kept in {nowhere}: No such file or directory (errno 2)", StringComparison.Ordinal)));
        Assert.Equal("60000 60000", await SendAsync(server, HttpMethod.Post, "/length", new byte[60_000], version));
    }

    [Fact]
    public async Task A_full_disk_is_told_from_a_client_that_left()
    {
        using var spool = new BodySpool(new SpoolFile(File.OpenHandle("/dev/full", FileMode.Open, FileAccess.ReadWrite), "/somewhere"));
        await spool.AppendAsync(new ReadOnlySequence<byte>(new byte[100]));
        var error = await Assert.ThrowsAsync<SpoolException>(async () => await spool.CompleteAsync());
        Assert.Equal("/somewhere: No space left on device (errno 28)", error.Message);
        await Assert.ThrowsAsync<SpoolException>(async () => await spool.AppendAsync(new ReadOnlySequence<byte>(new byte[100_000])));
    }

    private static async Task<string> SendAsync(AppServer server, HttpMethod method, string url, byte[] body, string version)
    {
        using var request = Request(method, url, body, version);
        using var answer = await server.Client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(Cancellation);
    }

    private static HttpRequestMessage Request(HttpMethod method, string url, byte[] body, string version) => new(method, url)
    {
        Version = Version.Parse(version),
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = new LengthlessContent(body),
    };

    /// <summary>Sends a head and one chunk of the body, whole or without its last byte.</summary>
    private static async Task<TcpClient> BeginUploadAsync(AppServer server, string url, int size, bool whole = true)
    {
        var client = await AskAsync(server, Encoding.ASCII.GetBytes($"POST {url} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
        await client.GetStream().WriteAsync(Chunk(size, whole), Cancellation);
        return client;
    }

    private static byte[] Chunk(int size, bool whole) =>
        [.. Encoding.ASCII.GetBytes($"{size:x}\r\n"), .. new byte[whole ? size : size - 1], .. whole ? "\r\n"u8 : []];

    private static async Task<TcpClient> AskAsync(AppServer server, byte[] bytes)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Port, Cancellation);
        await client.GetStream().WriteAsync(bytes, Cancellation);
        return client;
    }

    private static async Task<string> ReadUntilAsync(TcpClient client, string end)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().Contains(end, StringComparison.Ordinal))
        {
            var count = await client.GetStream().ReadAsync(buffer, Cancellation).AsTask().WaitAsync(AppServer.Patience, Cancellation);
            Assert.True(count > 0, text.ToString());
            text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }

        return text.ToString();
    }

    private async Task AssertNothingIsLeftAsync()
    {
        await AppServer.UntilAsync(() => _spool.OpenFiles().Count == 0, "the body's file is closed");
        Assert.Empty(Directory.GetFileSystemEntries(_spool.Path));
    }
}
