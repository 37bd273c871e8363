using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Peer = Skitai.Engine.Tests.Proxy.Upstream.ScriptedMember.Peer;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>
/// A member that reads requests as strictly as can be, keeps them, and answers each with its own request line. What another
/// server could read in another way it keeps as a complaint.
/// </summary>
internal sealed class RecordingMember : IAsyncDisposable
{
    private const string Token = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private readonly ActingMember _member;

    public RecordingMember() => _member = new ActingMember(AnswerAsync);

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

    public ValueTask DisposeAsync() => _member.DisposeAsync();

    private async Task AnswerAsync(Peer peer, string head)
    {
        Heads.Enqueue(head);
        var lines = head[..^4].Split("\r\n");
        Check(lines);
        try
        {
            Bodies.Enqueue(await ReadBodyAsync(peer, lines));
        }
        catch (FormatException nonsense)
        {
            Complaints.Enqueue(nonsense.Message);
            throw new InvalidDataException(nonsense.Message, nonsense);
        }

        await peer.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {lines[0].Length}\r\n\r\n{(lines[0].StartsWith("HEAD", StringComparison.Ordinal) ? "" : lines[0])}");
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
            var body = await peer.ReadChunksAsync(withEnd: false);
            var trailers = await peer.ReadThroughAsync("\r\n");
            while (trailers != "\r\n" && !trailers.EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                trailers += await peer.ReadThroughAsync("\r\n");
            }

            return body + (trailers == "\r\n" ? "" : "+" + trailers[..^4]);
        }

        var length = lines.FirstOrDefault(line => line.StartsWith("Content-Length: ", StringComparison.Ordinal)) is { } field ? int.Parse(field[16..], NumberStyles.None, CultureInfo.InvariantCulture) : 0;
        return await peer.ReadAsync(length);
    }
}
