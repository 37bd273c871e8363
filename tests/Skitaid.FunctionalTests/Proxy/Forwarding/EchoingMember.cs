using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;

namespace Skitaid.FunctionalTests.Proxy.Forwarding;

/// <summary>A member that speaks WebSocket and sends back what it gets.</summary>
internal sealed class EchoingMember : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _accepting;

    public EchoingMember()
    {
        _listener.Start();
        Authority = _listener.LocalEndpoint.ToString()!;
        _accepting = AcceptAsync();
    }

    /// <summary>As a conf has it.</summary>
    public string Authority { get; }

    /// <summary>What clients said when they closed.</summary>
    public ConcurrentQueue<WebSocketCloseStatus?> Goodbyes { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> serving = [];
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_ending.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                var head = "";
                var one = new byte[1];
                while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
                {
                    await stream.ReadExactlyAsync(one, _ending.Token);
                    head += (char)one[0];
                }

                var key = head.Split("\r\n").First(line => line.StartsWith("Sec-WebSocket-Key: ", StringComparison.OrdinalIgnoreCase))[19..];
#pragma warning disable CA5350 // RFC 6455 section 4.2.2
                var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
                await stream.WriteAsync(
                    Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"), _ending.Token);
                using var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true });
                var buffer = new byte[4096];
                while (true)
                {
                    var got = await socket.ReceiveAsync(buffer.AsMemory(), _ending.Token);
                    if (got.MessageType == WebSocketMessageType.Close)
                    {
                        Goodbyes.Enqueue(socket.CloseStatus);
                        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _ending.Token);
                        return;
                    }

                    await socket.SendAsync(buffer.AsMemory(0, got.Count), got.MessageType, got.EndOfMessage, _ending.Token);
                }
            }
            catch (Exception gone) when (gone is IOException or OperationCanceledException or WebSocketException)
            {
                // The client or the test is over.
            }
        }
    }
}
