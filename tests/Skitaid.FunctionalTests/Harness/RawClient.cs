using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Skitaid.FunctionalTests.Harness;

/// <summary>Bytes out, bytes in: for what no HTTP library would send. Whatever waits has a deadline.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _client = new() { NoDelay = true };
    private NetworkStream? _clear;
    private SslStream? _tls;

    /// <summary>Connects.</summary>
    /// <param name="port">Where.</param>
    /// <param name="receiveBuffer">Bytes that the kernel takes for us while nobody reads; 0 = as many as it likes.</param>
    public static async Task<RawClient> ConnectAsync(int port, int receiveBuffer = 0)
    {
        var client = new RawClient();
        try
        {
            if (receiveBuffer > 0)
            {
                client._client.ReceiveBufferSize = receiveBuffer;
            }

            await InTimeAsync(client._client.ConnectAsync(IPAddress.Loopback, port, Cancellation));
            client._clear = client._client.GetStream();
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
            client._tls = new SslStream(client._clear!, leaveInnerStreamOpen: false);
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

    public Stream Stream => _tls ?? (Stream)_clear!;

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

    /// <summary>Sends; a server that has hung up already is no error.</summary>
    public async Task TrySendAsync(string text)
    {
        try
        {
            await SendAsync(text);
        }
        catch (IOException)
        {
        }
    }

    /// <summary>Shuts our writing side; a server that has hung up already is no error.</summary>
    public void EndSending()
    {
        try
        {
            _client.Client.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
        }
    }

    public async Task<string> ReadToEndAsync()
    {
        using var reader = new StreamReader(Stream, Encoding.Latin1);
        return await reader.ReadToEndAsync(Cancellation).WaitAsync(TestDaemon.Deadline, Cancellation);
    }

    /// <summary>Reads until the server closes or resets the connection; gives all that came.</summary>
    public async Task<string> ReadUntilCutAsync()
    {
        var all = new StringBuilder();
        var buffer = new byte[65536];
        try
        {
            while (await Stream.ReadAsync(buffer, Cancellation).AsTask().WaitAsync(TestDaemon.Deadline, Cancellation) is > 0 and var count)
            {
                all.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (IOException)
        {
            // A reset is an end, too.
        }

        return all.ToString();
    }

    /// <summary>Waits until the server has closed or reset the connection, as the kernel sees it without anybody reading.</summary>
    public Task WaitUntilCutAsync() => TestDaemon.WaitAsync("the server cut the connection", () =>
        _client.Client.Poll(0, SelectMode.SelectError) || !IsEstablished()); // unread bytes may be before the end

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

    private bool IsEstablished()
    {
        const int Tcp = 6, TcpInfo = 11, Established = 1;
        Span<byte> info = stackalloc byte[8];
        _client.Client.GetRawSocketOption(Tcp, TcpInfo, info);
        return info[0] == Established;
    }

    private static Task InTimeAsync(ValueTask waiting) => InTimeAsync(waiting.AsTask());

    private static Task InTimeAsync(Task waiting) => waiting.WaitAsync(TestDaemon.Deadline, Cancellation);
}
