namespace Skitai.Posix;

/// <summary>
/// How long to wait before a child that died is started anew: at once the first time, then 1 s, doubling, and from the
/// start again once a child has lived for a minute.
/// </summary>
/// <param name="longest">The longest wait.</param>
public sealed class RestartBackOff(TimeSpan longest)
{
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
        return _deaths == 1 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(longest.TotalSeconds, Math.Pow(2, Math.Min(_deaths - 2, 20))));
    }

    /// <summary>Forgets the past: somebody asked for a restart.</summary>
    public void Reset() => _deaths = 0;
}
