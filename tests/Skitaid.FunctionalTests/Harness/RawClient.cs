using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Skitaid.FunctionalTests.Harness;

/// <summary>Bytes out, bytes in: for what no HTTP library would send. Whatever waits has a deadline.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _client = new();
    private SslStream? _tls;

    public static async Task<RawClient> ConnectAsync(int port)
    {
        var client = new RawClient();
        try
        {
            await InTimeAsync(client._client.ConnectAsync(IPAddress.Loopback, port, Cancellation));
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Connects and shakes hands; any certificate will do, <see cref="CertificateHash"/> says which one came.</summary>
    /// <param name="port">Where.</param>
    /// <param name="name">The name asked for (SNI); an address is not sent.</param>
    public static async Task<RawClient> ConnectTlsAsync(int port, string name = "127.0.0.1")
    {
        var client = await ConnectAsync(port);
        try
        {
            client._tls = new SslStream(client._client.GetStream(), leaveInnerStreamOpen: false);
            var options = new SslClientAuthenticationOptions
            {
                TargetHost = name,
#pragma warning disable CA5359 // which one it is, is what the tests are about
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
            };
            await InTimeAsync(client._tls.AuthenticateAsClientAsync(options, Cancellation));
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public Stream Stream => _tls ?? (Stream)_client.GetStream();

    /// <summary>SHA-1 of the server's certificate, as <c>GetCertHashString</c> gives it; null without TLS.</summary>
    public string? CertificateHash => _tls?.RemoteCertificate?.GetCertHashString();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Sends a request (latin-1) that asks to close, and reads all that comes.</summary>
    public static async Task<string> AskAsync(int port, string request)
    {
        using var client = await ConnectAsync(port);
        await client.SendAsync(request);
        return await client.ReadToEndAsync();
    }

    public Task SendAsync(string text) => InTimeAsync(Stream.WriteAsync(Encoding.Latin1.GetBytes(text), Cancellation));

    public async Task<string> ReadToEndAsync()
    {
        using var reader = new StreamReader(Stream, Encoding.Latin1);
        return await reader.ReadToEndAsync(Cancellation).WaitAsync(TestDaemon.Deadline, Cancellation);
    }

    /// <summary>Reads until a text has come; gives all that came.</summary>
    public async Task<string> ReadUntilAsync(string text)
    {
        var all = new StringBuilder();
        var buffer = new byte[4096];
        while (!all.ToString().Contains(text, StringComparison.Ordinal))
        {
            var count = await Stream.ReadAsync(buffer, Cancellation).AsTask().WaitAsync(TestDaemon.Deadline, Cancellation);
            Assert.True(count > 0, $"closed before '{text}' came: {all}");
            all.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }

        return all.ToString();
    }

    public void Dispose()
    {
        _tls?.Dispose();
        _client.Dispose();
    }

    private static Task InTimeAsync(ValueTask waiting) => InTimeAsync(waiting.AsTask());

    private static Task InTimeAsync(Task waiting) => waiting.WaitAsync(TestDaemon.Deadline, Cancellation);
}
