namespace Skitai.Engine.Hosting;

/// <summary>
/// Gives memory back to the system after a flood. What a crowd of clients held is garbage when they are gone, but nobody
/// collects it while few requests come: a collection needs allocations. So, when it has been quiet for a while and the process
/// has grown since the last time (at first: what the start left behind), one full collection is made; its pause falls where
/// few wait.
/// </summary>
internal sealed class MemoryReturn(Counters counters)
{
    /// <summary>Growth worth a collection, in bytes.</summary>
    private const long Growth = 32 * 1024 * 1024;

    /// <summary>In seconds.</summary>
    private const int QuietTime = 10;

    /// <summary>More requests than this in a second is no quiet.</summary>
    private const int QuietRate = 20;

    private long _kept, _began;
    private int _quiet;

    /// <summary>To be called once a second.</summary>
    public void Look()
    {
        var sum = counters.Sum();
        var (rate, inHand) = (sum.Began - _began, sum.Began - sum.Ended);
        _began = sum.Began;
        _quiet = rate <= QuietRate && inHand <= QuietRate ? _quiet + 1 : 0;
        if (_quiet < QuietTime)
        {
            return;
        }

        _quiet = 0;
        if (Environment.WorkingSet - _kept < Growth)
        {
            return;
        }

        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _kept = Environment.WorkingSet;
    }
}
