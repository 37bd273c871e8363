using System.Net;
using System.Net.Security;
using Skitai.Configuration.Settings;
using Skitai.Engine.Proxy.Upstream.Http1;
using Skitai.Engine.Proxy.Upstream.Http2;

namespace Skitai.Engine.Proxy.Upstream;

/// <summary>
/// Connections whose HTTP version TLS's ALPN decides. What the last connection came to is expected of the next request, too;
/// when a new connection comes to something else, as after a member's update, that holds from then on.
/// </summary>
internal sealed class NegotiatedConnections : MemberConnections
{
    /// <summary>A member that chooses anew each time is given up.</summary>
    private const int MostChanges = 3;

    /// <summary>How long a connection that is open already waits for its first request.</summary>
    private static readonly TimeSpan s_spareTime = TimeSpan.FromSeconds(2);

    private enum Version
    {
        Unknown,
        Http1,
        Http2,
    }

    private readonly MemberDialer _either;
    private readonly Http1Connections _http1;
    private readonly Http1Connections _upgrades;
    private readonly Http2Connections _http2;
    private readonly ITimer _spareTimer;
    private readonly Lock _lock = new();
    private DialedConnection? _spare;
    private volatile Version _version;
    private volatile bool _disposed;

    /// <summary>Gets ready; nothing is connected yet.</summary>
    /// <param name="cluster">How TLS is spoken.</param>
    /// <param name="member">Whose address it is.</param>
    /// <param name="address">Where to connect to.</param>
    /// <param name="responseTimeout">How long an answer may take to begin; zero = for ever.</param>
    /// <param name="time">The clock.</param>
    public NegotiatedConnections(ClusterSettings cluster, ClusterMember member, IPEndPoint address, TimeSpan responseTimeout, TimeProvider time)
    {
        _either = new MemberDialer(cluster, member, address, time, SslApplicationProtocol.Http2, SslApplicationProtocol.Http11);
        var onlyHttp1 = new MemberDialer(cluster, member, address, time, SslApplicationProtocol.Http11);
        _http1 = new Http1Connections(DialForHttp1Async, responseTimeout, cluster.IdleTimeout, time);
        _upgrades = new Http1Connections(onlyHttp1.DialAsync, responseTimeout, cluster.IdleTimeout, time);
        _http2 = new Http2Connections(DialForHttp2Async, address, isSecure: true, responseTimeout, cluster.IdleTimeout, time);
        _spareTimer = time.CreateTimer(
            static connections => ((NegotiatedConnections)connections!).TakeSpare()?.Dispose(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public override int Open => _http1.Open + _upgrades.Open + _http2.Open;

    /// <inheritdoc/>
    public override ValueTask<MemberAnswer> SendAsync(MemberRequest request, CancellationToken cancellation) =>
        request.Upgrade is not null ? _upgrades.SendAsync(request, cancellation) : SendEitherWayAsync(request, cancellation);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _disposed = true;
        }

        await _http1.DisposeAsync();
        await _upgrades.DisposeAsync();
        await _http2.DisposeAsync();
        await _spareTimer.DisposeAsync();
        TakeSpare()?.Dispose();
    }

    private async ValueTask<MemberAnswer> SendEitherWayAsync(MemberRequest request, CancellationToken cancellation)
    {
        for (var changes = 0; ; changes++)
        {
            try
            {
                switch (_version)
                {
                    case Version.Http1:
                        return await _http1.SendAsync(request, cancellation);
                    case Version.Http2:
                        return await _http2.SendAsync(request, cancellation);
                }

                ObjectDisposedException.ThrowIf(_disposed, this);
                var dialed = await _either.DialAsync(cancellation);
                if (!dialed.SpeaksHttp2)
                {
                    _version = Version.Http1;
                    return await _http1.SendAsync(dialed, request, cancellation);
                }

                KeepForHttp2(dialed);
            }
            catch (ProtocolChangedException) when (changes < MostChanges)
            {
                // With what it is now.
            }
            catch (ProtocolChangedException fault)
            {
                throw new MemberException(MemberFault.TlsFailed, neverLeft: true, "it chooses another HTTP version each time", fault);
            }
        }
    }

    private async ValueTask<DialedConnection> DialForHttp1Async(CancellationToken cancellation)
    {
        var dialed = await _either.DialAsync(cancellation);
        if (!dialed.SpeaksHttp2)
        {
            return dialed;
        }

        KeepForHttp2(dialed);
        throw new ProtocolChangedException();
    }

    private async ValueTask<DialedConnection> DialForHttp2Async(CancellationToken cancellation)
    {
        if (TakeSpare() is { } spare)
        {
            return spare;
        }

        var dialed = await _either.DialAsync(cancellation);
        if (dialed.SpeaksHttp2)
        {
            return dialed;
        }

        dialed.Dispose();
        _version = Version.Http1;
        throw new ProtocolChangedException();
    }

    /// <summary>
    /// The next HTTP/2 connection is open already, if this is the first: requests that began together may have opened one
    /// each, and one is enough for them all. Nobody would notice that a spare one has died, so it is not kept for long.
    /// </summary>
    private void KeepForHttp2(DialedConnection dialed)
    {
        lock (_lock)
        {
            if (_version != Version.Http2 && _spare is null && !_disposed)
            {
                _spare = dialed;
                _version = Version.Http2;
                _spareTimer.Change(s_spareTime, Timeout.InfiniteTimeSpan);
                return;
            }

            _version = Version.Http2;
        }

        dialed.Dispose();
    }

    private DialedConnection? TakeSpare()
    {
        lock (_lock)
        {
            var spare = _spare;
            _spare = null;
            return spare;
        }
    }
}
