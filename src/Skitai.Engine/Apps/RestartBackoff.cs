namespace Skitai.Engine.Apps;

/// <summary>
/// How long to wait before a worker that died is replaced: not at all the first time, then 1 s, doubling to a minute;
/// a minute of health forgets it all.
/// </summary>
internal sealed class RestartBackoff
{
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Health = TimeSpan.FromMinutes(1);

    private TimeSpan? _next;

    /// <summary>The delay before the next start, the last worker having lived for <paramref name="lived"/>.</summary>
    public TimeSpan Next(TimeSpan lived)
    {
        if (_next is not { } delay || lived >= Health)
        {
            _next = TimeSpan.FromSeconds(1);
            return TimeSpan.Zero;
        }

        _next = delay * 2 < Most ? delay * 2 : Most;
        return delay;
    }
}
