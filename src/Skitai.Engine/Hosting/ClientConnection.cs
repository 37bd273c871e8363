using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Skitai.Engine.Hosting;

/// <summary>What the engine knows about one client connection; made once for it, found among its features.</summary>
internal sealed class ClientConnection
{
    private long _requests;
    private volatile IConnectionLifetimeNotificationFeature? _http2;

    public ClientConnection(long id, ConnectionContext context, bool isTls, TrustedProxies proxies)
    {
        Id = id;
        IsTls = isTls;
        if (context.RemoteEndPoint is IPEndPoint remote)
        {
            var address = remote.Address.IsIPv4MappedToIPv6 ? remote.Address.MapToIPv4() : remote.Address;
            RemoteAddress = address.ToString();
            RemotePort = remote.Port;
            IsTrusted = proxies.Contains(address);
        }

        Text = Encoding.ASCII.GetBytes(RemoteAddress.Length == 0 ? "-" : $"{RemoteAddress}:{RemotePort}");
    }

    /// <summary>Counts from 1 in each process.</summary>
    public long Id { get; }

    public bool IsTls { get; }

    public string RemoteAddress { get; } = "";

    public int RemotePort { get; }

    /// <summary>Address and port for the log.</summary>
    public byte[] Text { get; }

    /// <summary>Whether it comes from a proxy whose word is believed.</summary>
    public bool IsTrusted { get; }

    /// <summary>Whether it speaks HTTP/2.</summary>
    public bool IsHttp2 => _http2 is not null;

    /// <summary>Where its bytes go, below Kestrel and above TLS; null = not known. For what Kestrel cannot say, while it says nothing itself.</summary>
    public PipeWriter? Output { get; set; }

    /// <summary>The number of the next request, from 1.</summary>
    public long NextRequest() => Interlocked.Increment(ref _requests);

    /// <summary>It turned out to speak HTTP/2.</summary>
    public void MarkHttp2(IConnectionLifetimeNotificationFeature? lifetime) => _http2 = lifetime;

    /// <summary>Tells an HTTP/2 client to send nothing new here (GOAWAY); what it has sent is answered.</summary>
    public void SayGoAway() => _http2?.RequestClose();
}
