using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Skitaid.FunctionalTests.Harness;

/// <summary>
/// A client that keeps its connection until it is told <c>Connection: close</c> and never asks twice: it hides nothing of
/// what a server does to connections, as HttpClient does, which sends a request again when its connection was closed.
/// </summary>
internal sealed class KeepAliveClient(int port) : IDisposable
{
    private readonly byte[] _buffer = new byte[16 * 1024];
    private TcpClient? _client;

    /// <summary>Connections opened so far.</summary>
    public int Connections { get; private set; }

    /// <summary>GET; the answer's status and body, which must have a Content-Length and fit 16 KB.</summary>
    public async Task<(int Status, string Body)> GetAsync(string path)
    {
        var cancellation = TestContext.Current.CancellationToken;
        if (_client is null)
        {
            _client = new TcpClient { NoDelay = true };
            await _client.ConnectAsync(IPAddress.Loopback, port, cancellation);
            Connections++;
        }

        var stream = _client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"), cancellation);
        int have = 0, total = int.MaxValue, head = -1;
        while (have < total)
        {
            var count = await stream.ReadAsync(_buffer.AsMemory(have), cancellation).AsTask().WaitAsync(TestDaemon.Deadline, cancellation);
            if (count == 0)
            {
                throw new IOException($"the connection was closed with {have} bytes of an answer to {path}");
            }

            have += count;
            if (head < 0 && (head = _buffer.AsSpan(0, have).IndexOf("\r\n\r\n"u8)) >= 0)
            {
                total = head + 4 + int.Parse(Header(head, "Content-Length") ?? throw new IOException("no Content-Length"), CultureInfo.InvariantCulture);
            }
        }

        if (Header(head, "Connection")?.Equals("close", StringComparison.OrdinalIgnoreCase) == true)
        {
            _client.Dispose();
            _client = null;
        }

        return (int.Parse(Encoding.ASCII.GetString(_buffer, 9, 3), CultureInfo.InvariantCulture), Encoding.Latin1.GetString(_buffer, head + 4, total - head - 4));
    }

    public void Dispose() => _client?.Dispose();

    private string? Header(int head, string name) => Encoding.Latin1.GetString(_buffer, 0, head).Split("\r\n")
        .Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(line => line[(name.Length + 1)..].Trim()).FirstOrDefault();
}
