using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Skitai.Engine.Tests.Apps;

public sealed class AppRequestsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_mount_path_becomes_SCRIPT_NAME_and_the_rest_PATH_INFO()
    {
        await using var server = await AppServer.StartAsync(mount: "/x");
        Assert.Equal("GET /x /a/b", await server.GetAsync("/x/a/b?q=1"));
        var post = await server.Client.PostAsync("/x", new StringContent("body"), Cancellation);
        Assert.Equal("POST /x ", await post.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task GET_of_the_mount_itself_is_redirected_with_its_query()
    {
        await using var server = await AppServer.StartAsync(mount: "/x");
        using var answer = await server.Client.GetAsync("/x?a=1", Cancellation);
        Assert.Equal(HttpStatusCode.MovedPermanently, answer.StatusCode);
        Assert.Equal("/x/?a=1", answer.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Status_reason_and_repeated_headers_of_the_app_reach_the_client()
    {
        await using var server = await AppServer.StartAsync();
        for (var i = 0; i < 2; i++)
        {
            using var answer = await server.Client.GetAsync("/head", Cancellation);
            Assert.Equal(418, (int)answer.StatusCode);
            Assert.Equal("I am a Teapot", answer.ReasonPhrase);
            Assert.Equal(["a=1", "b=2"], answer.Headers.GetValues("Set-Cookie"));
            Assert.Equal("mine", answer.Headers.Server.ToString());
            Assert.Equal(3, answer.Content.Headers.ContentLength);
        }
    }

    [Fact]
    public async Task HEAD_and_204_have_no_body()
    {
        await using var server = await AppServer.StartAsync();
        using var head = await server.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/a"), Cancellation);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        using var nothing = await server.Client.GetAsync("/nothing", Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, nothing.StatusCode);
        Assert.False(nothing.Content.Headers.NonValidated.Contains("Content-Length"));
        Assert.Equal("GET  /a", await server.GetAsync("/a"));
    }

    [Fact]
    public async Task Headers_that_could_deceive_an_app_do_not_reach_it()
    {
        await using var server = await AppServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/environ");
        request.Headers.Add("Proxy", "evil");
        request.Headers.TryAddWithoutValidation("X_Real", "evil");
        request.Headers.TryAddWithoutValidation("Connection", "X-Hop");
        request.Headers.TryAddWithoutValidation("X-Hop", "evil");
        request.Headers.Add("X-Two", ["1", "2"]);
        using var answer = await server.Client.SendAsync(request, Cancellation);
        var environ = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.DoesNotContain("evil", environ, StringComparison.Ordinal);
        Assert.Contains("HTTP_X_TWO=1, 2\n", environ, StringComparison.Ordinal);
        Assert.Contains("SERVER_PROTOCOL=HTTP/1.1\n", environ, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(10, true)]
    [InlineData(65536, false)]
    [InlineData(65537, true)]
    [InlineData(30_000_000, false)]
    [InlineData(30_000_000, true)]
    public async Task A_body_of_any_size_arrives_whole(int size, bool chunked)
    {
        await using var server = await AppServer.StartAsync();
        var body = new byte[size];
        new Random(1).NextBytes(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/hash") { Content = new ByteArrayContent(body) };
        request.Headers.TransferEncodingChunked = chunked;
        using var answer = await server.Client.SendAsync(request, Cancellation);
        Assert.Equal(
            $"{size} {Convert.ToHexStringLower(SHA256.HashData(body))}", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task A_large_answer_to_a_slow_reader_arrives_whole_in_bounded_memory()
    {
        await using var server = await AppServer.StartAsync();
        using var answer = await server.Client.GetAsync("/big?60000000", HttpCompletionOption.ResponseHeadersRead, Cancellation);
        await using var stream = await answer.Content.ReadAsStreamAsync(Cancellation);
        var before = Environment.WorkingSet;
        var buffer = new byte[100_000];
        long total = 0;
        while (await stream.ReadAsync(buffer, Cancellation) is > 0 and var count)
        {
            total += count;
        }

        Assert.Equal(60_000_000, total);
        Assert.InRange(Environment.WorkingSet - before, long.MinValue, 40_000_000);
    }

    [Fact]
    public async Task A_file_wrapper_is_sent_from_the_file()
    {
        await using var server = await AppServer.StartAsync();
        var path = Path.GetTempFileName();
        try
        {
            var content = new byte[1_000_000];
            new Random(2).NextBytes(content);
            await File.WriteAllBytesAsync(path, content, Cancellation);
            var got = await server.Client.GetByteArrayAsync("/file?" + path, Cancellation);
            Assert.Equal(content, got);
            Assert.Equal("GET  /", await server.GetAsync("/"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_generator_whose_client_leaves_is_closed()
    {
        await using var server = await AppServer.StartAsync();
        using (var answer = await server.Client.GetAsync("/endless", HttpCompletionOption.ResponseHeadersRead, Cancellation))
        {
            await using var stream = await answer.Content.ReadAsStreamAsync(Cancellation);
            await stream.ReadExactlyAsync(new byte[5000], Cancellation);
        }

        var deadline = DateTime.UtcNow + AppServer.Patience;
        while (await server.GetAsync("/closed") != "1")
        {
            Assert.True(DateTime.UtcNow < deadline);
        }
    }

    [Fact]
    public async Task An_app_that_answers_without_reading_causes_no_100_Continue()
    {
        await using var server = await AppServer.StartAsync();
        var text = await RawAsync(server.Port, "POST /unread HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n", "not read");
        Assert.StartsWith("HTTP/1.1 200 OK", text, StringComparison.Ordinal);
        var other = await RawAsync(server.Port, "POST /hash HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", "\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 100 Continue", other, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_app_prints_ends_in_app_log_and_cannot_pass_for_anything_else()
    {
        await using (var server = await AppServer.StartAsync())
        {
            await server.GetAsync("/print");
            await AppServer.UntilAsync(() => server.Output.ToString().Contains("printed line", StringComparison.Ordinal), "stdout");
            await server.Pool.DisposeAsync();
            Assert.Contains("raw \ufffd\\x1b[31m no end", server.Output.ToString(), StringComparison.Ordinal);
        }
    }

    private static async Task<string> RawAsync(int port, string request, string until)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, Cancellation);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), Cancellation);
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().Contains(until, StringComparison.Ordinal))
        {
            var count = await stream.ReadAsync(buffer, Cancellation).AsTask().WaitAsync(AppServer.Patience, Cancellation);
            Assert.True(count > 0, text.ToString());
            text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }

        return text.ToString();
    }
}
