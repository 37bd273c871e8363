namespace Skitaid.Supervision;

/// <summary>
/// How long to wait before a child that died is started anew: at once the first time, then 1 s doubling to 600 s, from
/// the start again once a child has lived for a minute.
/// </summary>
internal sealed class BackOff
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(600);
    private static readonly TimeSpan Healthy = TimeSpan.FromSeconds(60);
    private int _deaths;

    /// <summary>A child died: the wait before the next start.</summary>
    /// <param name="lived">How long it had served.</param>
    public TimeSpan Next(TimeSpan lived)
    {
        if (lived >= Healthy)
        {
            _deaths = 0;
        }

        _deaths++;
        return _deaths == 1 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(Longest.TotalSeconds, Math.Pow(2, Math.Min(_deaths - 2, 20))));
    }

    /// <summary>Forgets the past: somebody asked for a restart.</summary>
    public void Reset() => _deaths = 0;
}
