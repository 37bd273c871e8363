using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Skitai.Engine.Tests.Proxy.Upstream;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>A client's connection for bytes, with or without TLS.</summary>
internal sealed class Wire : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly StringBuilder _unread = new();

    private Wire(Stream stream) => _stream = stream;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<Wire> ConnectAsync(IPEndPoint address, bool tls)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address, Cancellation);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (tls)
        {
            var secure = new SslStream(stream);
            await secure.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "localhost",
                    ApplicationProtocols = [SslApplicationProtocol.Http11],
#pragma warning disable CA5359 // the certificate is the test\'s own
                    RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
                },
                Cancellation);
            stream = secure;
        }

        return new Wire(stream);
    }

    public async Task SendAsync(string latin1) => await _stream.WriteAsync(Encoding.Latin1.GetBytes(latin1), Cancellation);

    /// <summary>Reads a header section, with the empty line.</summary>
    public async Task<string> ReadHeadAsync()
    {
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var text = _unread.ToString();
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                _unread.Remove(0, end + 4);
                return text[..(end + 4)];
            }

            var count = await _stream.ReadAsync(buffer, Cancellation).AsTask().WaitAsync(ScriptedMember.Patience, Cancellation);
            Assert.True(count > 0, $"ended after: {text}");
            _unread.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
