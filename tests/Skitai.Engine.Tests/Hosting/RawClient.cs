using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Skitai.Engine.Tests.Hosting;

/// <summary>Bytes out, bytes in: what a polite client never sends.</summary>
internal sealed class RawClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60); // for a machine that stalls; no promise
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly List<byte> _unread = [];

    public static async Task<RawClient> ConnectAsync(IPEndPoint address)
    {
        var client = new RawClient();
        await client._socket.ConnectAsync(address, TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);
        return client;
    }

    public async Task SendAsync(string latin1) => await SendAsync(Encoding.Latin1.GetBytes(latin1));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) =>
        await _socket.SendAsync(bytes, SocketFlags.None, TestContext.Current.CancellationToken);

    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Reads one answer with Content-Length (or none); null when the connection ends before one begins.</summary>
    public async Task<RawAnswer?> ReadAsync(bool isHead = false)
    {
        int end;
        while ((end = Encoding.Latin1.GetString([.. _unread]).IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
        {
            if (!await ReceiveAsync())
            {
                return _unread.Count == 0 ? null : throw new InvalidDataException($"cut: {Encoding.Latin1.GetString([.. _unread])}");
            }
        }

        var head = Encoding.Latin1.GetString([.. _unread], 0, end).Split("\r\n");
        _unread.RemoveRange(0, end + 4);
        var headers = head[1..].Select(line => line.Split(": ", 2)).ToLookup(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        var status = int.Parse(head[0].Split(' ')[1], CultureInfo.InvariantCulture);
        var length = isHead || status is 204 or 304 or 100 ? 0 : int.Parse(headers["Content-Length"].FirstOrDefault("0"), CultureInfo.InvariantCulture);
        while (_unread.Count < length)
        {
            if (!await ReceiveAsync())
            {
                throw new InvalidDataException("cut in the body");
            }
        }

        var body = Encoding.UTF8.GetString([.. _unread], 0, length);
        _unread.RemoveRange(0, length);
        return new RawAnswer(status, head[0], headers, body);
    }

    /// <summary>Whether the server ends the connection without sending anything more.</summary>
    public async Task<bool> IsClosedAsync()
    {
        try
        {
            return _unread.Count == 0 && !await ReceiveAsync();
        }
        catch (SocketException)
        {
            return true;
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task<bool> ReceiveAsync()
    {
        var buffer = new byte[16384];
        var count = await _socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);
        _unread.AddRange(buffer.AsSpan(0, count));
        return count > 0;
    }

    internal sealed record RawAnswer(int Status, string StatusLine, ILookup<string, string> Headers, string Body)
    {
        public string? this[string name] => Headers[name].FirstOrDefault();
    }
}
