using System.Globalization;
using System.Text;

namespace Skitai.Engine.Logging;

/// <summary>The date text that begins each log line, made once a second: <c>2016.03.03 03:37:41</c>, local time.</summary>
internal sealed class LogClock(TimeProvider time)
{
    private Stamp _stamp = new(long.MinValue, [], default);

    /// <summary>Now, as bytes of constant length.</summary>
    public ReadOnlySpan<byte> Text => Current().Text;

    /// <summary>Today, local.</summary>
    public DateOnly Day => Current().Day;

    private Stamp Current()
    {
        var now = time.GetUtcNow();
        var second = now.Ticks / TimeSpan.TicksPerSecond;
        var stamp = Volatile.Read(ref _stamp);
        if (stamp.Second == second)
        {
            return stamp;
        }

        var local = TimeZoneInfo.ConvertTime(now, time.LocalTimeZone);
        var text = local.ToString("yyyy.MM.dd HH:mm:ss", CultureInfo.InvariantCulture);
        stamp = new Stamp(second, Encoding.ASCII.GetBytes(text), DateOnly.FromDateTime(local.DateTime));
        Volatile.Write(ref _stamp, stamp);
        return stamp;
    }

    private sealed record Stamp(long Second, byte[] Text, DateOnly Day);
}
