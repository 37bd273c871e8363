using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Skitai.Engine.Tests.Proxy.Upstream;
using Peer = Skitai.Engine.Tests.Proxy.Upstream.ScriptedMember.Peer;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>
/// A member that reads requests as strictly as can be, keeps them, and answers each with its own request line. What another
/// server could read in another way it keeps as a complaint.
/// </summary>
internal sealed class RecordingMember : IAsyncDisposable
{
    private const string Token = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private readonly ScriptedMember _member = new();
    private readonly CancellationTokenSource _over = new();
    private readonly List<Task> _peers = [];
    private readonly Task _accepting;

    public RecordingMember() => _accepting = AcceptAsync();

    public IPEndPoint Address => _member.Address;

    /// <summary>The header sections, in the order of their arrival.</summary>
    public ConcurrentQueue<string> Heads { get; } = new();

    public ConcurrentQueue<string> Bodies { get; } = new();

    /// <summary>What was not as it has to be.</summary>
    public ConcurrentQueue<string> Complaints { get; } = new();

    public IEnumerable<string> Lines => Heads.Select(head => head[..head.IndexOf("\r\n", StringComparison.Ordinal)]);

    /// <summary>The values of a field in the last request.</summary>
    public string[] Last(string name) =>
        [.. Heads.Last().Split("\r\n")[1..].Where(line => line.StartsWith(name + ": ", StringComparison.OrdinalIgnoreCase)).Select(line => line[(name.Length + 2)..])];

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _member.Dispose();
        await _accepting;
        await Task.WhenAll(_peers);
        _over.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _peers.Add(ServeAsync(await _member.AcceptAsync().WaitAsync(_over.Token)));
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or TimeoutException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(Peer peer)
    {
        using (peer)
        {
            try
            {
                while (true)
                {
                    var head = await peer.ReadHeadAsync().WaitAsync(_over.Token);
                    Heads.Enqueue(head);
                    var lines = head[..^4].Split("\r\n");
                    Check(lines);
                    Bodies.Enqueue(await ReadBodyAsync(peer, lines).WaitAsync(_over.Token));
                    await peer.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {lines[0].Length}\r\n\r\n{(lines[0].StartsWith("HEAD", StringComparison.Ordinal) ? "" : lines[0])}");
                }
            }
            catch (Exception end) when (end is OperationCanceledException or SocketException or TimeoutException or ObjectDisposedException or InvalidDataException)
            {
            }
            catch (FormatException nonsense)
            {
                Complaints.Enqueue(nonsense.Message);
            }
        }
    }

    private void Check(string[] lines)
    {
        if (lines[0].Split(' ') is not [{ Length: > 0 } method, ['/', ..], "HTTP/1.1"] || !method.All(Token.Contains))
        {
            Complaints.Enqueue($"request line: {lines[0]}");
        }

        var framing = 0;
        foreach (var line in lines[1..])
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 1 || !line[..colon].All(Token.Contains) || line.Any(c => c is < ' ' and not '\t' or (char)127))
            {
                Complaints.Enqueue($"field: {line}");
                continue;
            }

            framing += line[..colon].ToUpperInvariant() is "CONTENT-LENGTH" or "TRANSFER-ENCODING" ? 1 : 0;
        }

        if (framing > 1 || lines.Count(line => line.StartsWith("Host: ", StringComparison.OrdinalIgnoreCase)) != 1)
        {
            Complaints.Enqueue($"framing or host: {string.Join('|', lines)}");
        }
    }

    private static async Task<string> ReadBodyAsync(Peer peer, string[] lines)
    {
        if (lines.Contains("Transfer-Encoding: chunked"))
        {
            var body = "";
            while (true)
            {
                var size = int.Parse((await peer.ReadThroughAsync("\r\n"))[..^2], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                if (size == 0)
                {
                    var trailers = await peer.ReadThroughAsync("\r\n");
                    while (trailers != "\r\n" && !trailers.EndsWith("\r\n\r\n", StringComparison.Ordinal))
                    {
                        trailers += await peer.ReadThroughAsync("\r\n");
                    }

                    return body + (trailers == "\r\n" ? "" : "+" + trailers[..^4]);
                }

                body += (await peer.ReadAsync(size + 2))[..^2];
            }
        }

        var length = lines.FirstOrDefault(line => line.StartsWith("Content-Length: ", StringComparison.Ordinal)) is { } field ? int.Parse(field[16..], NumberStyles.None, CultureInfo.InvariantCulture) : 0;
        return await peer.ReadAsync(length);
    }
}
