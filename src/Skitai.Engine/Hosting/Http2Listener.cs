using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Skitai.Engine.Hosting;

/// <summary>
/// The in-process endpoint that speaks HTTP/2 only. It accepts no sockets but the connections that
/// <see cref="Http2Preface"/> hands over: Kestrel cannot tell HTTP/1.1 from HTTP/2 on one clear-text port by itself.
/// </summary>
internal sealed class Http2Listener : IConnectionListenerFactory, IConnectionListenerFactorySelector, IConnectionListener
{
    private readonly Channel<ConnectionContext> _handed = Channel.CreateUnbounded<ConnectionContext>(
        new UnboundedChannelOptions { SingleReader = true });

    /// <inheritdoc/>
    public EndPoint EndPoint { get; } = new Http2EndPoint();

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is Http2EndPoint;

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(this);

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        // Bounded by max_connections: each one here is a client connection counted at the gate.
        while (await _handed.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_handed.Reader.TryRead(out var connection))
            {
                return connection;
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _handed.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => UnbindAsync();

    /// <summary>Hands a connection over.</summary>
    /// <returns>Completes when HTTP/2 is done with it.</returns>
    public async Task HandOverAsync(ConnectionContext connection)
    {
        var handed = new HandedConnection(connection);
        if (_handed.Writer.TryWrite(handed))
        {
            await handed.Ended;
        }
    }
}
