using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Skitaid.FunctionalTests.Harness;

/// <summary>Bytes out, bytes in: for what no HTTP library would send.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _client = new();

    public static async Task<RawClient> ConnectAsync(int port)
    {
        var client = new RawClient();
        await client._client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        return client;
    }

    public NetworkStream Stream => _client.GetStream();

    /// <summary>Sends a request (latin-1) that asks to close, and reads all that comes.</summary>
    public static async Task<string> AskAsync(int port, string request)
    {
        using var client = await ConnectAsync(port);
        await client.SendAsync(request);
        return await client.ReadToEndAsync();
    }

    public async Task SendAsync(string text) => await Stream.WriteAsync(Encoding.Latin1.GetBytes(text), TestContext.Current.CancellationToken);

    public async Task<string> ReadToEndAsync()
    {
        using var reader = new StreamReader(Stream, Encoding.Latin1);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TestDaemon.Deadline, TestContext.Current.CancellationToken);
    }

    /// <summary>Reads until a text has come; gives all that came.</summary>
    public async Task<string> ReadUntilAsync(string text)
    {
        var all = new StringBuilder();
        var buffer = new byte[4096];
        while (!all.ToString().Contains(text, StringComparison.Ordinal))
        {
            var count = await Stream.ReadAsync(buffer, TestContext.Current.CancellationToken).AsTask()
                .WaitAsync(TestDaemon.Deadline, TestContext.Current.CancellationToken);
            Assert.True(count > 0, $"closed before '{text}' came: {all}");
            all.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }

        return all.ToString();
    }

    public void Dispose() => _client.Dispose();
}
