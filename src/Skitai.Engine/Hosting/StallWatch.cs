using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Skitai.Engine.Hosting.Transport;

namespace Skitai.Engine.Hosting;

/// <summary>
/// Cuts off an HTTP/1.1 client that takes nothing of its answer any more (an HTTP/2 stream has a <see cref="StreamWatch"/>).
/// Armed while a write waits for the client; when patience runs out it asks TCP whether the client has acknowledged anything in that time, since a slow client may well take
/// longer than that to drain what the kernel holds, and aborts the request only if it has not.
/// </summary>
internal sealed class StallWatch : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Exchange _exchange;
    private readonly TimeSpan _patience;
    private readonly ITimer _timer;
    private readonly Socket? _socket;
    private ulong _acknowledged;
    private bool _armed;

    /// <summary>Gets ready, not armed.</summary>
    /// <param name="exchange">The request to abort.</param>
    /// <param name="patience">How long nothing may move.</param>
    /// <param name="time">The clock.</param>
    public StallWatch(Exchange exchange, TimeSpan patience, TimeProvider time)
    {
        _exchange = exchange;
        _patience = patience;
        _socket = exchange.Features.Get<IConnectionSocketFeature>()?.Socket;
        _timer = time.CreateTimer(static state => ((StallWatch)state!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A write begins to wait.</summary>
    public void Arm()
    {
        lock (_lock)
        {
            _armed = true;
            _acknowledged = ReadAcknowledged();
            _timer.Change(_patience, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>The write is through.</summary>
    public void Disarm()
    {
        lock (_lock)
        {
            _armed = false;
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Disarm();
        _timer.Dispose();
    }

    private void Look()
    {
        // Under the lock to the end: the exchange belongs to this request only as long as the watch is armed.
        lock (_lock)
        {
            if (!_armed)
            {
                return;
            }

            var acknowledged = ReadAcknowledged();
            if (acknowledged == _acknowledged)
            {
                _armed = false;
                _exchange.Abort();
                return;
            }

            _acknowledged = acknowledged;
            _timer.Change(_patience, Timeout.InfiniteTimeSpan);
        }
    }

    private ulong ReadAcknowledged() => _socket is null ? 0 : AcknowledgedBytes.Of(_socket);
}
