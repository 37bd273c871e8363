using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace Skitaid.FunctionalTests.Proxy.Caching;

/// <summary>A member whose answers say what they are of: <c>/NAME/LENGTH</c> gives that many bytes that belong to that path and no other.</summary>
internal sealed class CountingMember : LoopbackMember
{
    private readonly ConcurrentDictionary<string, int> _asked = new(StringComparer.Ordinal);

    /// <summary>What Cache-Control says.</summary>
    public string CacheControl { get; set; } = "public, max-age=3600";

    /// <summary>How long every answer takes to begin.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Requests so far.</summary>
    public int Asked => _asked.Values.Sum();

    /// <summary>Requests for a path so far.</summary>
    public int AskedFor(string path) => _asked.GetValueOrDefault(path);

    /// <summary>What is at a path.</summary>
    public static byte[] BodyOf(string path)
    {
        var length = int.TryParse(path[(path.LastIndexOf('/') + 1)..].Split('?')[0], out var said) ? said : 5;
        var bytes = new byte[length];
        var seed = (uint)path.Aggregate(17, (sum, letter) => (sum * 31) + letter) | 1;
        for (var at = 0; at < length; at++)
        {
            seed = (seed * 1664525) + 1013904223;
            bytes[at] = (byte)(seed >> 24);
        }

        return bytes;
    }

    protected override async Task ServeAsync(NetworkStream client, CancellationToken ending)
    {
        using var reader = new StreamReader(client, Encoding.Latin1);
        while (await reader.ReadLineAsync(ending) is { } request)
        {
            while (await reader.ReadLineAsync(ending) is { Length: > 0 })
            {
                // Requests here have no body.
            }

            var path = request.Split(' ')[1];
            _asked.AddOrUpdate(path, 1, static (_, count) => count + 1);
            var body = BodyOf(path);
            await Task.Delay(Delay, ending);
            var head = Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nCache-Control: {CacheControl}\r\n\r\n");
            await client.WriteAsync((byte[])[.. head, .. body], ending);
        }
    }
}
