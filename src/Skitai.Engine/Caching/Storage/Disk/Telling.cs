namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>
/// When the log is to hear that something began to fail or works again: at once, but one line a minute at most, so what
/// comes and goes is told as it was when its minute was over. Not safe for several threads.
/// </summary>
internal sealed class Telling(TimeProvider time)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMinutes(1);

    private bool _told;
    private DateTimeOffset _next;

    /// <summary>Whether it is to be told now; counts as told then.</summary>
    /// <param name="fails">How it is.</param>
    public bool IsDue(bool fails)
    {
        var now = time.GetUtcNow();
        if (fails == _told || now < _next)
        {
            return false;
        }

        _told = fails;
        _next = now + s_pause;
        return true;
    }
}
