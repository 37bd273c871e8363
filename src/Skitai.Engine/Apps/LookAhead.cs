namespace Skitai.Engine.Apps;

/// <summary>
/// How many requests more than it has threads for a worker may be given. Many small ones in one batch cost the least
/// CPU; but a request that waits inside a worker cannot go to another one any more, so the look-ahead grows only while
/// answers keep coming back at once, and is gone when some take long.
/// </summary>
internal sealed class LookAhead
{
    /// <summary>The most it grows to.</summary>
    public const int Most = 28;

    private const int StreakBeforeGrowth = 16;

    private int _streak;

    /// <summary>What a worker may have in hand beyond its threads.</summary>
    public int Extra { get; private set; }

    /// <summary>An answer took this long in the worker, its wait for a thread there included.</summary>
    public void Completed(TimeSpan inWorker)
    {
        var ticks = inWorker.Ticks;
        if (ticks < 2 * TimeSpan.TicksPerMillisecond)
        {
            if (++_streak > StreakBeforeGrowth && Extra < Most)
            {
                Extra++;
            }
        }
        else if (ticks > 4 * TimeSpan.TicksPerMillisecond)
        {
            _streak = 0;
            Extra = ticks > 20 * TimeSpan.TicksPerMillisecond ? 0 : Extra / 2;
        }
    }
}
