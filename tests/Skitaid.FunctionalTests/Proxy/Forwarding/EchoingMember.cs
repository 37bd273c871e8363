using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;

namespace Skitaid.FunctionalTests.Proxy.Forwarding;

/// <summary>A member that speaks WebSocket and sends back what it gets.</summary>
internal sealed class EchoingMember : LoopbackMember
{

    /// <summary>What clients said when they closed.</summary>
    public ConcurrentQueue<WebSocketCloseStatus?> Goodbyes { get; } = new();

    protected override async Task ServeAsync(NetworkStream client, CancellationToken ending)
    {
        var head = "";
        var one = new byte[1];
        while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await client.ReadExactlyAsync(one, ending);
            head += (char)one[0];
        }

        var key = head.Split("\r\n").First(line => line.StartsWith("Sec-WebSocket-Key: ", StringComparison.OrdinalIgnoreCase))[19..];
#pragma warning disable CA5350 // RFC 6455 section 4.2.2
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        await client.WriteAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"), ending);
        using var socket = WebSocket.CreateFromStream(client, new WebSocketCreationOptions { IsServer = true });
        var buffer = new byte[4096];
        while (true)
        {
            var got = await socket.ReceiveAsync(buffer.AsMemory(), ending);
            if (got.MessageType == WebSocketMessageType.Close)
            {
                Goodbyes.Enqueue(socket.CloseStatus);
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, ending);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, got.Count), got.MessageType, got.EndOfMessage, ending);
        }
    }
}
