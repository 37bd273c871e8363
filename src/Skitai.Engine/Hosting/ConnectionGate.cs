using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;

namespace Skitai.Engine.Hosting;

/// <summary>
/// The first thing a client connection meets: counts it, turns it away beyond <c>max_connections</c>, gives it its
/// <see cref="ClientConnection"/>, and knows when the last one is gone.
/// </summary>
internal sealed partial class ConnectionGate(int maxConnections, bool isTls, TrustedProxies proxies, ILogger logger, TimeProvider time)
{
    private static readonly byte[] Busy =
        "HTTP/1.1 503 Service Unavailable\r\nServer: skitaid\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"u8.ToArray();

    private readonly ConcurrentDictionary<long, ClientConnection> _connections = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _closing;
    private int _open, _inside;
    private long _total, _refused, _loggedAt = long.MinValue, _refusedLogged;

    /// <summary>Open now.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Taken since the start.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>Turned away since the start.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>
    /// A connection is accepted. It counts from here, not from when Kestrel gets round to it: a drain must not take the
    /// moment in between for the end.
    /// </summary>
    public void Accepted() => Interlocked.Increment(ref _open);

    /// <summary>The middleware; the outermost of the endpoint that clients connect to.</summary>
    public ConnectionDelegate Use(ConnectionDelegate next) => context => TakeAsync(context, next);

    /// <summary>The middleware that sees a connection known to speak HTTP/2 (after TLS, or behind the preface).</summary>
    public static ConnectionDelegate MarkHttp2(ConnectionDelegate next) => context =>
    {
        var client = context.Features.Get<ClientConnection>();
        client?.MarkHttp2(context.Features.Get<IConnectionLifetimeNotificationFeature>());
        return next(context);
    };

    /// <summary>Asks every client to go: HTTP/2 clients by GOAWAY; HTTP/1.1 ones hear it with their next answer.</summary>
    /// <returns>Completes when no connection is left.</returns>
    public Task CloseAsync()
    {
        _closing = true;
        foreach (var (_, client) in _connections)
        {
            client.SayGoAway();
        }

        if (Open == 0)
        {
            _empty.TrySetResult();
        }

        return _empty.Task;
    }

    private async Task TakeAsync(ConnectionContext context, ConnectionDelegate next)
    {
        try
        {
            if (maxConnections > 0 && Interlocked.Increment(ref _inside) > maxConnections)
            {
                await TurnAwayAsync(context);
                return;
            }

            var client = new ClientConnection(Interlocked.Increment(ref _total), context, isTls, proxies);
            context.Features.Set(client);
            client.Output = isTls ? null : context.Transport.Output;
            _connections[client.Id] = client;
            try
            {
                await next(context);
            }
            finally
            {
                _connections.TryRemove(client.Id, out _);
            }
        }
        finally
        {
            if (maxConnections > 0)
            {
                Interlocked.Decrement(ref _inside);
            }

            if (Interlocked.Decrement(ref _open) == 0 && _closing)
            {
                _empty.TrySetResult();
            }
        }
    }

    private async Task TurnAwayAsync(ConnectionContext context)
    {
        var refused = Interlocked.Increment(ref _refused);
        var now = time.GetTimestamp();
        var last = Interlocked.Read(ref _loggedAt);
        if ((last == long.MinValue || time.GetElapsedTime(last, now) >= TimeSpan.FromSeconds(1))
            && Interlocked.CompareExchange(ref _loggedAt, now, last) == last)
        {
            LogRefused(logger, refused - Interlocked.Exchange(ref _refusedLogged, refused), maxConnections);
        }

        if (!isTls)
        {
            await context.Transport.Output.WriteAsync(Busy, context.ConnectionClosed);
        }
    }

    [LoggerMessage(EventId = 110, Level = LogLevel.Warning,
        Message = "{Count} connections turned away: max_connections ({Limit}) are open")]
    private static partial void LogRefused(ILogger logger, long count, int limit);
}
