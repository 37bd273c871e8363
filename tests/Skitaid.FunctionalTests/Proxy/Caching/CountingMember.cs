using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Skitaid.FunctionalTests.Proxy.Caching;

/// <summary>A member whose answers say what they are of: <c>/NAME/LENGTH</c> gives that many bytes that belong to that path and no other.</summary>
internal sealed class CountingMember : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentDictionary<string, int> _asked = new(StringComparer.Ordinal);
    private readonly Task _accepting;

    public CountingMember()
    {
        _listener.Start(1024);
        Authority = _listener.LocalEndpoint.ToString()!;
        _accepting = AcceptAsync();
    }

    /// <summary>As a conf has it.</summary>
    public string Authority { get; }

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
                using var reader = new StreamReader(client.GetStream(), Encoding.Latin1);
                while (await reader.ReadLineAsync(_ending.Token) is { } request)
                {
                    while (await reader.ReadLineAsync(_ending.Token) is { Length: > 0 })
                    {
                        // Requests here have no body.
                    }

                    var path = request.Split(' ')[1];
                    _asked.AddOrUpdate(path, 1, static (_, count) => count + 1);
                    var body = BodyOf(path);
                    await Task.Delay(Delay, _ending.Token);
                    var head = Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nCache-Control: {CacheControl}\r\n\r\n");
                    await client.GetStream().WriteAsync((byte[])[.. head, .. body], _ending.Token);
                }
            }
            catch (Exception gone) when (gone is IOException or OperationCanceledException)
            {
                // The proxy has closed it, or the test is over.
            }
        }
    }
}
