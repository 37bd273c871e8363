using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Skitai.Engine.Tests.Hosting;
using Skitai.Engine.Tests.Proxy.Upstream;
using static Skitai.Engine.Tests.Proxy.Forwarding.ProxySite;
using Peer = Skitai.Engine.Tests.Proxy.Upstream.ScriptedMember.Peer;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>WebSockets and other upgraded connections, to HTTP/1.1 members from clients of either version.</summary>
public sealed class WebSocketTests
{
    private const string Opening =
        "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    private const string Accepted =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

    /// <summary>Sends back what it gets, "bye" closes it.</summary>
    private static Task<WebApplication> StartEchoAsync() => StartSocketsAsync(async socket =>
    {
        var buffer = new byte[1 << 20];
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult got;
            do
            {
                got = await socket.ReceiveAsync(buffer.AsMemory(length), Cancellation);
                length += got.Count;
            }
            while (!got.EndOfMessage);

            if (got.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, socket.CloseStatusDescription, Cancellation);
                return;
            }

            if (got.MessageType == WebSocketMessageType.Text && Encoding.UTF8.GetString(buffer, 0, length) == "bye")
            {
                await socket.CloseAsync(WebSocketCloseStatus.PolicyViolation, "you said it", Cancellation);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, length), got.MessageType, true, Cancellation);
        }
    });

    private static async Task<WebApplication> StartSocketsAsync(Func<WebSocket, Task> serve)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1));
        var application = builder.Build();
        application.UseWebSockets();
        application.Run(async context =>
        {
            if (!context.WebSockets.IsWebSocketRequest)
            {
                context.Response.StatusCode = 426;
                return;
            }

            using var socket = await context.WebSockets.AcceptWebSocketAsync("chat");
            await serve(socket);
        });
        await application.StartAsync(Cancellation);
        return application;
    }

    private static IPEndPoint AddressOf(WebApplication application) => new(IPAddress.Loopback, new Uri(application.Urls.Single()).Port);

    private static async Task<ClientWebSocket> OpenAsync(ProxySite site, bool http2, string path = "/chat")
    {
        var socket = new ClientWebSocket();
        socket.Options.HttpVersion = http2 ? HttpVersion.Version20 : HttpVersion.Version11;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.AddSubProtocol("chat");
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        await socket.ConnectAsync(new Uri($"ws://{site.Instance.Address}{path}"), new HttpMessageInvoker(new SocketsHttpHandler()), Cancellation);
        return socket;
    }

    private static async Task<string> ReceiveAsync(WebSocket socket)
    {
        var buffer = new byte[1 << 20];
        var length = 0;
        while (true)
        {
            var got = await socket.ReceiveAsync(buffer.AsMemory(length), Cancellation);
            length += got.Count;
            if (got.EndOfMessage)
            {
                return got.MessageType == WebSocketMessageType.Close ? $"closed {(int)socket.CloseStatus!} {socket.CloseStatusDescription}" : Encoding.UTF8.GetString(buffer, 0, length);
            }
        }
    }

    private static ValueTask SayAsync(WebSocket socket, string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text).AsMemory(), WebSocketMessageType.Text, true, Cancellation);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Messages_of_every_size_go_both_ways_and_either_side_may_close(bool http2)
    {
        await using var member = await StartEchoAsync();
        await using var site = await StartAsync([AddressOf(member)], path: "/ws");
        using (var socket = await OpenAsync(site, http2, "/ws/chat"))
        {
            Assert.Equal("chat", socket.SubProtocol);
            foreach (var length in new[] { 0, 1, 125, 126, 65535, 65536, 500_000 })
            {
                var text = new string('x', length);
                await SayAsync(socket, text);
                Assert.Equal(text, await ReceiveAsync(socket));
            }

            Assert.Equal(1, site.Cluster.Members[0].InHand);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "enough", Cancellation);
            Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
            Assert.Equal("enough", socket.CloseStatusDescription);
        }

        await site.UntilQuietAsync();
        using (var socket = await OpenAsync(site, http2, "/ws/chat"))
        {
            await SayAsync(socket, "bye");
            Assert.Equal("closed 1008 you said it", await ReceiveAsync(socket));
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
        }

        await site.UntilQuietAsync();
        Assert.Equal((0, 0L), (site.Cluster.Members[0].Connections, site.Cluster.Members[0].Failures));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Many_at_once_leave_nothing_behind(bool http2)
    {
        await using var member = await StartEchoAsync();
        await using var site = await StartAsync([AddressOf(member)]);
        await Task.WhenAll(Enumerable.Range(0, 30).Select(async number =>
        {
            using var socket = await OpenAsync(site, http2);
            for (var round = 0; round < 20; round++)
            {
                await SayAsync(socket, $"{number} {round}");
                Assert.Equal($"{number} {round}", await ReceiveAsync(socket));
            }

            if (number % 2 == 0)
            {
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
            }
        }));
        await site.UntilQuietAsync();
        Assert.Equal((0, 0L, "up"), site.Cluster.Members[0] is { } state ? (state.Connections, state.Failures, state.State) : default);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_refusal_reaches_the_client_as_it_is(bool http2)
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = http2 ? HttpVersion.Version20 : HttpVersion.Version11;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        var opening = socket.ConnectAsync(new Uri($"ws://{site.Instance.Address}/chat"), invoker, Cancellation);
        using var peer = await member.AcceptAsync();
        var head = await peer.ReadHeadAsync();
        Assert.StartsWith("GET /chat HTTP/1.1\r\n", head);
        Assert.Contains("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\r\nSec-WebSocket-Version: 13\r\n", head, StringComparison.OrdinalIgnoreCase);
        await peer.SendAsync("HTTP/1.1 403 Forbidden\r\nX-Why: no\r\nContent-Length: 2\r\n\r\nno");
        await Assert.ThrowsAsync<WebSocketException>(() => opening);
        Assert.Equal(HttpStatusCode.Forbidden, socket.HttpStatusCode);
        Assert.Equal("no", socket.HttpResponseHeaders!["X-Why"].Single());
        await site.UntilQuietAsync();
        Assert.Equal(1, site.Cluster.Members[0].Connections); // as good as before
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n")]
    public async Task What_is_no_handshake_does_not_open_a_websocket_over_http2(string answer)
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        var opening = socket.ConnectAsync(new Uri($"ws://{site.Instance.Address}/chat"), invoker, Cancellation);
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync(answer);
        await Assert.ThrowsAsync<WebSocketException>(() => opening);
        Assert.Equal(HttpStatusCode.BadGateway, socket.HttpStatusCode);
        await site.UntilLoggedAsync("no WebSocket's opening handshake");
        await site.UntilQuietAsync();
    }

    [Fact]
    public async Task What_comes_right_behind_the_handshake_is_not_lost()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await site.ConnectAsync();
        await client.SendAsync(Opening + "early from client");
        using var peer = await member.AcceptAsync();
        Assert.Contains("\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", await peer.ReadHeadAsync(), StringComparison.Ordinal);
        await peer.SendAsync(Accepted + "\u0081\u0005early");
        Assert.Contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal("\u0081\u0005early", await client.ReadAsync(7));
        Assert.Equal("early from client", await peer.ReadAsync(17));
    }

    [Fact]
    public async Task Another_protocol_goes_through_byte_by_byte_but_no_other_http()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await site.ConnectAsync();
        await client.SendAsync("POST /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c, tcp, TLS/1.2\r\n\r\n");
        using var peer = await member.AcceptAsync();
        Assert.Contains("\r\nUpgrade: tcp\r\n", await peer.ReadHeadAsync(), StringComparison.Ordinal);
        await peer.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n");
        await client.ReadHeadAsync();
        await client.SendAsync("GET /not-http HTTP/1.1\r\n\r\n");
        Assert.Equal("GET /not-http HTTP/1.1\r\n\r\n", await peer.ReadAsync(26));
        await peer.SendAsync("\0\u00ff");
        Assert.Equal("\0\u00ff", await client.ReadAsync(2));

        // The member's end is the client's.
        await peer.SendAsync("last");
        peer.EndSending();
        Assert.Equal("last", await client.ReadAsync(4));
        await client.UntilClosedAsync();
        await site.UntilQuietAsync();
    }

    /// <summary>The last words of a client that is gone at once, and what the member says to them.</summary>
    [Fact]
    public async Task A_client_that_ends_its_side_has_said_its_last_word_and_hears_the_members()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        for (var round = 0; round < 20; round++)
        {
            using var client = await site.ConnectAsync();
            await client.SendAsync(Opening);
            using var peer = await member.AcceptAsync();
            await peer.ReadHeadAsync();
            await peer.SendAsync(Accepted);
            await client.ReadHeadAsync();
            await client.SendAsync("\u0088\u0082\u0001\u0002\u0003\u0004\u0002\u00ea");
            client.EndSending();
            Assert.Equal("\u0088\u0082\u0001\u0002\u0003\u0004\u0002\u00ea", await peer.ReadAsync(8));
            await peer.SendAsync("\u0088\u0002\u0003\u00e8");
            Assert.Equal("\u0088\u0002\u0003\u00e8", await client.ReadAsync(4));
            peer.EndSending();
            await client.UntilClosedAsync();
            await peer.UntilClosedAsync();
        }

        await site.UntilQuietAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_loss_of_one_side_is_that_of_the_other(bool client)
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var one = await site.ConnectAsync();
        await one.SendAsync(Opening);
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync(Accepted);
        await one.ReadHeadAsync();
        (client ? one : peer).Reset();
        await (client ? peer : one).UntilClosedAsync();
        await site.UntilQuietAsync();
        if (!client)
        {
            Assert.Contains($"@m {member.Address}: the upgraded connection broke; the answer to GET /chat is cut off", await site.UntilLoggedAsync("is cut off"), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Silence_both_ways_ends_it_and_anything_said_keeps_it(bool http2)
    {
        await using var member = await StartEchoAsync();
        await using var site = await StartAsync([AddressOf(member)], cluster => cluster with { TunnelTimeout = TimeSpan.FromSeconds(1), IdleTimeout = TimeSpan.FromMilliseconds(100), ResponseTimeout = TimeSpan.FromMilliseconds(500) });
        using var socket = await OpenAsync(site, http2);
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(2))
        {
            await SayAsync(socket, "x");
            Assert.Equal("x", await ReceiveAsync(socket));
            await Task.Delay(200, Cancellation);
        }

        await Assert.ThrowsAsync<WebSocketException>(() => ReceiveAsync(socket));
        Assert.Contains("silence for tunnel_timeout", await site.UntilLoggedAsync("is cut off"), StringComparison.Ordinal);
        await site.UntilQuietAsync();
    }

    /// <summary>Clients shall come back at once, to the successor, and know that it was no error.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_drain_says_goodbye_to_websockets_and_does_not_wait_for_its_limit(bool http2)
    {
        var closed = new TaskCompletionSource<WebSocketCloseStatus?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var member = await StartSocketsAsync(async socket =>
        {
            var buffer = new byte[100];
            while ((await socket.ReceiveAsync(buffer.AsMemory(), Cancellation)).MessageType != WebSocketMessageType.Close)
            {
                await socket.SendAsync("echo"u8.ToArray().AsMemory(), WebSocketMessageType.Text, true, Cancellation);
            }

            closed.TrySetResult(socket.CloseStatus);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Cancellation);
        });
        await using var site = await StartAsync([AddressOf(member)]);
        using var socket = await OpenAsync(site, http2);
        await SayAsync(socket, "hello");
        Assert.Equal("echo", await ReceiveAsync(socket));
        var began = TimeProvider.System.GetTimestamp();
        var draining = site.Instance.DrainAsync(TimeSpan.FromMinutes(1), Cancellation);
        Assert.Equal("closed 1001 ", await ReceiveAsync(socket));
        await socket.CloseOutputAsync(WebSocketCloseStatus.EndpointUnavailable, null, Cancellation);
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await closed.Task.WaitAsync(ScriptedMember.Patience, Cancellation));
        if (http2)
        {
            socket.Dispose(); // its connection is the invoker's
        }

        await draining.WaitAsync(ScriptedMember.Patience, Cancellation);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task The_goodbye_comes_between_two_frames_and_nothing_behind_it()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await site.ConnectAsync();
        await client.SendAsync(Opening);
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync(Accepted + "\u0081\u0003one\u0082\u007e\u0000\u0080half");
        await client.ReadHeadAsync();
        Assert.Equal("\u0081\u0003one\u0082\u007e\u0000\u0080half", await client.ReadAsync(13));
        var draining = site.Instance.DrainAsync(TimeSpan.FromMinutes(1), Cancellation);
        await TestInstances.UntilAsync(() => site.Instance.GetStatus().Draining, "the drain");
        await Task.Delay(200, Cancellation); // what must not come has time to
        await peer.SendAsync(new string('x', 124) + "\u0081\u0005never");
        Assert.Equal(new string('x', 124) + "\u0088\u0002\u0003\u00e9", await client.ReadAsync(128));
        await client.SendAsync("\u0088\u0082\u0000\u0000\u0000\u0000\u0003\u00e9");
        Assert.Equal("\u0088\u0082\u0000\u0000\u0000\u0000\u0003\u00e9", await peer.ReadAsync(8));
        await peer.SendAsync("\u0088\u0002\u0003\u00e9");
        peer.EndSending();
        await Assert.ThrowsAsync<InvalidDataException>(() => client.ReadAsync(1));
        await draining.WaitAsync(ScriptedMember.Patience, Cancellation);
    }

    [Fact]
    public async Task A_drain_ends_what_speaks_another_protocol_and_websockets_that_do_not_answer()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        var peers = new List<Peer>();
        var clients = new List<Peer>();
        foreach (var protocol in new[] { "tcp", "websocket" })
        {
            var client = await site.ConnectAsync();
            await client.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n");
            var peer = await member.AcceptAsync();
            await peer.ReadHeadAsync();
            await peer.SendAsync($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: {protocol}\r\nConnection: Upgrade\r\n\r\n");
            await client.ReadHeadAsync();
            clients.Add(client);
            peers.Add(peer);
        }

        await site.Instance.DrainAsync(TimeSpan.FromMinutes(1), Cancellation).WaitAsync(ScriptedMember.Patience, Cancellation);
        foreach (var side in peers.Concat(clients))
        {
            await side.UntilClosedAsync();
            side.Dispose();
        }
    }
}
