using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Skitai.Engine.Tests.Hosting.Transport;

public sealed class SocketTransportTests
{
    private static CancellationToken Patience => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_on_one_connection_are_answered_in_turn()
    {
        await using var server = await TransportServer.StartAsync(exchange => exchange.Response.WriteAsync("hello " + exchange.Request.Path));
        using var client = server.CreateClient();
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal($"hello /{i}", await client.GetStringAsync(new Uri($"/{i}", UriKind.Relative), Patience));
        }

        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task Pipelined_requests_are_all_answered_in_order()
    {
        await using var server = await TransportServer.StartAsync(exchange => exchange.Response.WriteAsync("[" + exchange.Request.Path + "]"));
        using var socket = await server.ConnectAsync();
        var text = new StringBuilder();
        for (var i = 0; i < 500; i++)
        {
            text.Append($"GET /{i} HTTP/1.1\r\nHost: a\r\n{(i == 499 ? "Connection: close\r\n" : "")}\r\n");
        }

        // Sent while the answers are read: neither side may fill up.
        var sending = socket.SendAsync(Encoding.ASCII.GetBytes(text.ToString()), SocketFlags.None, Patience).AsTask();
        var answer = await ReadToEndAsync(socket);
        await sending;
        var at = 0;
        for (var i = 0; i < 500; i++)
        {
            at = answer.IndexOf($"[/{i}]", at, StringComparison.Ordinal);
            Assert.True(at >= 0, $"answer {i} is missing or out of order");
        }
    }

    [Fact]
    public async Task A_request_that_comes_byte_by_byte_is_understood()
    {
        await using var server = await TransportServer.StartAsync(exchange => exchange.Response.WriteAsync("ok"));
        using var socket = await server.ConnectAsync();
        foreach (var one in "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray())
        {
            await socket.SendAsync(new[] { one }, SocketFlags.None, Patience);
        }

        Assert.EndsWith("ok\r\n0\r\n\r\n", await ReadToEndAsync(socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_large_upload_arrives_whole()
    {
        await using var server = await TransportServer.StartAsync(async exchange =>
            await exchange.Response.Body.WriteAsync(await SHA256.HashDataAsync(exchange.Request.Body, exchange.RequestAborted)));
        using var client = server.CreateClient();
        var sent = RandomNumberGenerator.GetBytes(20_000_000);
        using var content = new ByteArrayContent(sent);
        using var response = await client.PostAsync(new Uri("/", UriKind.Relative), content, Patience);
        Assert.Equal(SHA256.HashData(sent), await response.Content.ReadAsByteArrayAsync(Patience));
    }

    [Fact]
    public async Task A_large_answer_in_pieces_of_every_size_arrives_whole()
    {
        var sent = RandomNumberGenerator.GetBytes(5_000_000);
        await using var server = await TransportServer.StartAsync(async exchange =>
        {
            for (int at = 0, size = 1; at < sent.Length; at += size, size = (size * 3) + 1)
            {
                await exchange.Response.Body.WriteAsync(sent.AsMemory(at, Math.Min(size, sent.Length - at)), exchange.RequestAborted);
            }
        });
        using var client = server.CreateClient();
        Assert.Equal(SHA256.HashData(sent), SHA256.HashData(await client.GetByteArrayAsync(new Uri("/", UriKind.Relative), Patience)));
    }

    [Fact]
    public async Task A_client_that_leaves_while_its_request_is_answered_is_noticed()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var noticed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TransportServer.StartAsync(async exchange =>
        {
            using var registration = exchange.RequestAborted.Register(() => noticed.TrySetResult());
            entered.TrySetResult();
            await noticed.Task.WaitAsync(TimeSpan.FromSeconds(30));
        });
        using (var socket = await server.ConnectAsync())
        {
            await socket.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), SocketFlags.None, Patience);
            await entered.Task.WaitAsync(TimeSpan.FromSeconds(30), Patience);
        }

        await noticed.Task.WaitAsync(TimeSpan.FromSeconds(30), Patience);
    }

    [Fact]
    public async Task A_refused_upload_gets_its_answer_although_the_client_is_still_sending()
    {
        await using var server = await TransportServer.StartAsync(exchange =>
        {
            exchange.Response.StatusCode = 413;
            exchange.Response.Headers.Connection = "close";
            return exchange.Response.WriteAsync("too long");
        });
        using var socket = await server.ConnectAsync();
        await socket.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n"u8.ToArray(), SocketFlags.None, Patience);
        var answer = ReadToEndAsync(socket);
        try
        {
            for (var i = 0; i < 30; i++)
            {
                await socket.SendAsync(new byte[100_000], SocketFlags.None, Patience);
            }
        }
        catch (SocketException)
        {
            // The server may well hang up before we are done. What matters is that its answer came first.
        }

        Assert.StartsWith("HTTP/1.1 413", await answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 30_000_000)]
    [InlineData(12_345, 29_000_000)]
    [InlineData(0, 1)]
    public async Task A_file_is_sent_by_the_kernel_byte_for_byte_and_the_connection_goes_on(int offset, int length)
    {
        using var file = new TemporaryFile(30_000_000);
        await using var server = await TransportServer.StartAsync(exchange => TransportServer.SendFileAsync(exchange, file.Handle, offset, length));
        using var client = server.CreateClient();
        for (var i = 0; i < 2; i++)
        {
            var received = await client.GetByteArrayAsync(new Uri("/", UriKind.Relative), Patience);
            Assert.Equal(length, received.Length);
            Assert.Equal(SHA256.HashData(file.Bytes.AsSpan(offset, length)), SHA256.HashData(received));
        }

        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task A_file_that_shrinks_while_it_is_sent_ends_in_a_cut_connection_not_in_wrong_bytes()
    {
        using var file = new TemporaryFile(1_000_000);
        await using var server = await TransportServer.StartAsync(exchange => TransportServer.SendFileAsync(exchange, file.Handle, 0, 2_000_000));
        using var client = server.CreateClient();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.GetByteArrayAsync(new Uri("/", UriKind.Relative), Patience));
    }

    [Fact]
    public async Task Unbinding_leaves_a_shared_listening_socket_alive_for_a_successor()
    {
        using var supervisor = TransportServer.ListeningSocket();
        var first = TransportServer.Share(supervisor);
        var accepting = first.AcceptAsync(Patience).AsTask();
        await first.UnbindAsync(Patience);
        Assert.Null(await accepting.WaitAsync(TimeSpan.FromSeconds(30), Patience));
        await first.DisposeAsync();

        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(supervisor.LocalEndPoint!, Patience);
        await using var second = TransportServer.Share(supervisor);
        await using var connection = await second.AcceptAsync(Patience).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Patience);
        Assert.NotNull(connection);
        await client.SendAsync("hi"u8.ToArray(), SocketFlags.None, Patience);
        var read = await connection.Transport.Input.ReadAsync(Patience);
        Assert.Equal("hi", Encoding.ASCII.GetString(read.Buffer.FirstSpan));
    }

    [Fact]
    public async Task A_cancelled_read_loses_no_byte()
    {
        await using var pair = await TransportServer.AcceptOneAsync();
        var reader = pair.Connection.Transport.Input;
        var read = reader.ReadAsync(Patience).AsTask();
        reader.CancelPendingRead();
        Assert.True((await read.WaitAsync(TimeSpan.FromSeconds(30), Patience)).IsCanceled);

        await pair.Client.SendAsync("abc"u8.ToArray(), SocketFlags.None, Patience);
        var second = await reader.ReadAsync(Patience);
        Assert.Equal("abc", Encoding.ASCII.GetString(second.Buffer.FirstSpan));
    }

    [Fact]
    public async Task Bytes_looked_at_but_not_taken_stay_while_more_come_however_many()
    {
        await using var pair = await TransportServer.AcceptOneAsync();
        var reader = pair.Connection.Transport.Input;
        var sent = RandomNumberGenerator.GetBytes(300_000);
        var sending = pair.Client.SendAsync(sent, SocketFlags.None, Patience).AsTask();
        while (true)
        {
            var read = await reader.ReadAsync(Patience);
            if (read.Buffer.Length == sent.Length)
            {
                Assert.Equal(sent, System.Buffers.BuffersExtensions.ToArray(read.Buffer));
                break;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }

        await sending;
    }

    [Fact]
    public async Task A_client_that_has_shut_its_writing_side_still_gets_an_answer_that_takes_a_second()
    {
        await using var server = await TransportServer.StartAsync(async exchange =>
        {
            await Task.Delay(1000, exchange.RequestAborted);
            await exchange.Response.WriteAsync("late");
        });
        using var socket = await server.ConnectAsync();
        await socket.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray(), SocketFlags.None, Patience);
        socket.Shutdown(SocketShutdown.Send);
        Assert.EndsWith("late\r\n0\r\n\r\n", await ReadToEndAsync(socket), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_takes_nothing_is_cut_off_however_much_it_took_before(bool pipelined)
    {
        var block = new byte[1_000_000];
        await using var server = await TransportServer.StartAsync(async exchange =>
        {
            for (var i = 0; i < (pipelined ? 1 : 1000); i++)
            {
                await exchange.Response.Body.WriteAsync(block, exchange.RequestAborted);
            }
        });
        using var socket = await server.ConnectAsync();
        for (var i = 0; i < (pipelined ? 50 : 1); i++)
        {
            await socket.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), SocketFlags.None, Patience);
        }

        var buffer = new byte[1_000_000];
        for (var taken = 0; taken < 10_000_000;)
        {
            taken += await socket.ReceiveAsync(buffer, SocketFlags.None, Patience);
        }

        // The client reads no more: that it was reset shows on the socket all the same.
        await TestInstances.UntilAsync(() => socket.Poll(0, SelectMode.SelectError), "the connection to be reset");
    }

    [Fact]
    public async Task A_slow_client_that_takes_a_little_now_and_then_is_not_cut_off()
    {
        var sent = new byte[6_000_000];
        await using var server = await TransportServer.StartAsync(exchange => exchange.Response.Body.WriteAsync(sent, exchange.RequestAborted).AsTask());
        using var socket = await server.ConnectAsync();
        socket.ReceiveBufferSize = 65536;
        await socket.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray(), SocketFlags.None, Patience);
        var buffer = new byte[400_000];
        for (var i = 0; i < 8; i++)
        {
            await Task.Delay(300, Patience);
            Assert.True(await socket.ReceiveAsync(buffer, SocketFlags.None, Patience) > 0);
        }

        var rest = await ReadToEndAsync(socket);
        Assert.EndsWith("0\r\n\r\n", rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_ends_when_its_token_is_cancelled_and_loses_no_byte()
    {
        await using var pair = await TransportServer.AcceptOneAsync();
        var reader = pair.Connection.Transport.Input;
        using (var enough = new CancellationTokenSource(50))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader.ReadAsync(enough.Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Patience));
        }

        await pair.Client.SendAsync("abc"u8.ToArray(), SocketFlags.None, Patience);
        Assert.Equal("abc", Encoding.ASCII.GetString((await reader.ReadAsync(Patience)).Buffer.FirstSpan));
    }

    [Fact]
    public async Task Unbinding_between_two_accepts_ends_and_the_next_accept_says_so()
    {
        using var socket = TransportServer.ListeningSocket();
        await using var listener = TransportServer.Share(socket);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(socket.LocalEndPoint!, Patience);
        await using (await listener.AcceptAsync(Patience))
        {
            client.Close();
            await listener.UnbindAsync(Patience).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Patience);
            Assert.Null(await listener.AcceptAsync(Patience));
        }
    }

    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        var all = new MemoryStream();
        var buffer = new byte[8192];
        int count;
        while ((count = await socket.ReceiveAsync(buffer, SocketFlags.None, Patience)) > 0)
        {
            all.Write(buffer, 0, count);
        }

        return Encoding.ASCII.GetString(all.ToArray());
    }
}
