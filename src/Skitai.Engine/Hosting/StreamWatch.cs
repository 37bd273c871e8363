using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Skitai.Engine.Hosting.Transport;

namespace Skitai.Engine.Hosting;

/// <summary>
/// Resets an HTTP/2 stream that takes nothing of its answer any more. What TCP says is of no use here: other streams, and
/// answers to PING, keep the connection busy. So the time counts that one write of this stream waits, and writes are small
/// while they go slowly (<see cref="Http2Body"/>). One for each stream, used again for the next.
/// </summary>
/// <param name="patience">How long one write may wait.</param>
/// <param name="time">The clock.</param>
internal sealed class StreamWatch(TimeSpan patience, TimeProvider time)
{
    /// <summary>
    /// While the connection itself has bytes waiting for the client a stream is not to blame that its turn does not come,
    /// for so many times the patience. (A client that takes nothing at all is cut by <see cref="ClientWatch"/>.)
    /// </summary>
    private const int CrowdedFactor = 8;

    private readonly Lock _lock = new();
    private IFeatureCollection _features = null!;
    private ITimer? _timer;
    private long _since;
    private bool _armed, _ticking;

    /// <summary>Whether it has reset the stream.</summary>
    public bool HasReset { get; private set; }

    /// <summary>A request begins.</summary>
    public void Begin(IFeatureCollection features) => (_features, HasReset) = (features, false);

    /// <summary>A write begins to wait.</summary>
    public void Arm()
    {
        lock (_lock)
        {
            _armed = true;
            _since = time.GetTimestamp();
            if (!_ticking)
            {
                Wait(patience);
            }
        }
    }

    /// <summary>The write is through.</summary>
    public void Disarm()
    {
        lock (_lock)
        {
            // The timer goes on: most writes are short, and setting it for each costs more than one look in vain.
            _armed = false;
        }
    }

    private void Wait(TimeSpan howLong)
    {
        _ticking = true;
        _timer ??= time.CreateTimer(static state => ((StreamWatch)state!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(howLong, Timeout.InfiniteTimeSpan);
    }

    private void Look()
    {
        // Under the lock to the end: the features belong to this request only as long as the watch is armed.
        lock (_lock)
        {
            _ticking = false;
            if (!_armed)
            {
                return;
            }

            var waited = time.GetElapsedTime(_since);
            if (waited < patience)
            {
                Wait(patience - waited);
            }
            else if (waited < patience * CrowdedFactor && IsCrowded())
            {
                Wait(TimeSpan.FromSeconds(1));
            }
            else
            {
                _armed = false;
                HasReset = true;
                _features.Get<IHttpRequestLifetimeFeature>()?.Abort();
            }
        }
    }

    private bool IsCrowded() => _features.Get<IConnectionSocketFeature>() is SocketConnection { Writer.IsFlushing: true };
}
