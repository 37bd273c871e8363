using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skitai.Configuration.Settings;
using Skitai.Posix;

namespace Skitai.Engine.Proxy.Upstream;

/// <summary>Opens connections to one member's address: TCP and, if the cluster says so, TLS.</summary>
internal sealed class MemberDialer
{
    /// <summary>
    /// So many descriptors are left alone: the runtime aborts the process when it needs one for itself and there is none.
    /// Less than what is kept from clients, so that a client that was let in gets its answer.
    /// </summary>
    private const int ReservedDescriptors = 16;

    private readonly ClusterSettings _cluster;
    private readonly IPEndPoint _address;
    private readonly TimeProvider _time;
    private readonly string _host;
    private readonly List<SslApplicationProtocol> _protocols;
    private SslClientAuthenticationOptions? _tls;

    /// <summary>Gets ready.</summary>
    /// <param name="cluster">Whether TLS, and how; connect_timeout.</param>
    /// <param name="member">Whose name is in its certificate, unless the cluster names another.</param>
    /// <param name="address">Where to.</param>
    /// <param name="protocols">What TLS's ALPN offers, the best first.</param>
    /// <param name="time">The clock.</param>
    public MemberDialer(
        ClusterSettings cluster, ClusterMember member, IPEndPoint address, TimeProvider time, params List<SslApplicationProtocol> protocols)
    {
        _cluster = cluster;
        _address = address;
        _time = time;
        _host = cluster.SslName ?? member.Host;
        _protocols = protocols;
    }

    /// <summary>Connects.</summary>
    /// <param name="cancellation">Gives it up.</param>
    /// <exception cref="MemberException">It cannot be done, or not within connect_timeout.</exception>
    public async ValueTask<DialedConnection> DialAsync(CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(_cluster.ConnectTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        Socket? socket = null;
        SocketStream? transport = null;
        try
        {
            socket = Create();
            await socket.ConnectAsync(_address, either.Token);
            socket.Blocking = false;
            transport = new SocketStream(socket);
            var tls = _cluster.Ssl ? await SecureAsync(transport, either.Token) : null;
            return new DialedConnection(socket, transport, tls);
        }
        catch (Exception fault)
        {
            socket?.Dispose();
            if (transport is not null)
            {
                await transport.DisposeAsync();
            }

            cancellation.ThrowIfCancellationRequested();
            if (patience.IsCancellationRequested)
            {
                throw new MemberException(
                    MemberFault.ConnectTimeout, neverLeft: true, $"no connection within {_cluster.ConnectTimeout.TotalSeconds:0.###} s");
            }

            if (fault is SocketException error)
            {
                throw new MemberException(MemberFault.CannotConnect, neverLeft: true, $"cannot connect: {Text(error)}", fault);
            }

            throw;
        }
    }

    /// <summary>Connects to a member that is to speak HTTP/2.</summary>
    /// <param name="cancellation">Gives it up.</param>
    /// <exception cref="MemberException">It cannot be done, or it does not.</exception>
    public async ValueTask<DialedConnection> DialHttp2Async(CancellationToken cancellation)
    {
        var dialed = await DialAsync(cancellation);
        if (dialed.Tls is null || dialed.SpeaksHttp2)
        {
            return dialed;
        }

        dialed.Dispose();
        throw new MemberException(MemberFault.TlsFailed, neverLeft: true, "it does not offer HTTP/2 (TLS ALPN)");
    }

    private static string Text(SocketException error) => error.SocketErrorCode switch
    {
        SocketError.TooManyOpenSockets => "no descriptor is left (see ulimit -n)",
        SocketError.AddressNotAvailable => "no local port is left",
        SocketError.ConnectionRefused => "connection refused",
        _ => error.Message,
    };

    private Socket Create()
    {
        var socket = new Socket(_address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (DescriptorLimit.Current is { } limit && socket.SafeHandle.DangerousGetHandle() >= limit - Math.Min(ReservedDescriptors, limit / 16))
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.TooManyOpenSockets);
        }

        socket.NoDelay = true;
        return socket;
    }

    private async ValueTask<SslStream> SecureAsync(SocketStream transport, CancellationToken cancellation)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        transport.HopsToPool = true;
        var check = _cluster.Verify ? new CertificateCheck(_host, _time) : null;
        var tls = new SslStream(transport, leaveInnerStreamOpen: false, check is null ? null : check.Accept);
        try
        {
            await tls.AuthenticateAsClientAsync(_tls ??= Options(), cancellation);
            transport.HopsToPool = false;
            return tls;
        }
        catch (Exception fault)
        {
            await tls.DisposeAsync();
            if (fault is AuthenticationException or IOException or CryptographicException or UnauthorizedAccessException)
            {
                var reason = check?.Refusal ?? fault.InnerException?.Message ?? fault.Message;
                throw new MemberException(MemberFault.TlsFailed, neverLeft: true, $"no TLS with it: {reason}", fault);
            }

            throw;
        }
    }

    private SslClientAuthenticationOptions Options()
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = _host,
            ApplicationProtocols = _protocols,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
        if (!_cluster.Verify)
        {
#pragma warning disable CA5359 // That is what verify = no asks for.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
            return options;
        }

        // Nothing is fetched to complete a chain: that would have a member decide whom we connect to.
        options.CertificateChainPolicy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (_cluster.CaFile is { } file)
        {
            options.CertificateChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(file);
        }

        return options;
    }
}
