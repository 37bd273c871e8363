namespace Skitai.Engine.Proxy.Upstream;

/// <summary>
/// One timer for all deadlines at a member, so that a request needs none of its own. It ticks only while something is
/// under way; more slowly while there is nothing but idle connections.
/// </summary>
internal sealed class DeadlineSweep : IDisposable
{
    /// <summary>How often it looks.</summary>
    internal enum Pace
    {
        /// <summary>Never: there is nothing to look at.</summary>
        Off,

        /// <summary>Once a second.</summary>
        Slow,

        /// <summary>As often as the shortest timeout asks for.</summary>
        Quick,
    }

    private static readonly TimeSpan s_slow = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestQuick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_shortestQuick = TimeSpan.FromMilliseconds(10);

    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly TimeSpan _quick;
    private Pace _pace;
    private bool _disposed;

    /// <summary>Makes one that stands still.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="look">Called at each tick, without the lock.</param>
    /// <param name="timeouts">What is to be kept; the shortest is noticed a tenth of it late at most, or 10 ms. Zero = for ever.</param>
    public DeadlineSweep(TimeProvider time, Action look, params ReadOnlySpan<TimeSpan> timeouts)
    {
        _time = time;
        var shortest = TimeSpan.MaxValue;
        foreach (var timeout in timeouts)
        {
            shortest = timeout > TimeSpan.Zero && timeout < shortest ? timeout : shortest;
        }

        _quick = TimeSpan.FromTicks(Math.Clamp(shortest.Ticks / 10, s_shortestQuick.Ticks, s_longestQuick.Ticks));
        _timer = time.CreateTimer(static state => ((Action)state!)(), look, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The clock's reading now; deadlines are such readings, 0 = none.</summary>
    public long Now => _time.GetTimestamp();

    /// <summary>A span in the clock's units; 0 for zero, which means for ever.</summary>
    public long Units(TimeSpan span) =>
        span <= TimeSpan.Zero ? 0 : Math.Max(1, (long)(span.Ticks * ((double)_time.TimestampFrequency / TimeSpan.TicksPerSecond)));

    /// <summary>
    /// Sets the pace. Always under the one lock under which it is decided what is under way; that makes it safe to slow down.
    /// </summary>
    public void Set(Pace pace)
    {
        if (_pace == pace || _disposed)
        {
            return;
        }

        _pace = pace;
        var period = pace switch
        {
            Pace.Quick => _quick,
            Pace.Slow => s_slow,
            _ => Timeout.InfiniteTimeSpan,
        };
        _timer.Change(period, period);
    }

    /// <summary>Stops it. Under the lock, too.</summary>
    public void Dispose()
    {
        _disposed = true;
        _timer.Dispose();
    }
}
