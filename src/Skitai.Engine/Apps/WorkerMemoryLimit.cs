using Skitai.Posix;

namespace Skitai.Engine.Apps;

/// <summary>
/// When a worker of one seat is to be replaced for its size. An app that needs more than it may have from the start would
/// be replaced without end: then ever more rarely, up to every ten minutes.
/// </summary>
/// <param name="most">Resident bytes that a worker may have; 0 = no limit.</param>
/// <param name="time">The clock.</param>
internal sealed class WorkerMemoryLimit(long most, TimeProvider time)
{
    private readonly RestartBackOff _backoff = new(TimeSpan.FromMinutes(10));
    private DateTimeOffset _notBefore = DateTimeOffset.MinValue;
    private DateTimeOffset? _withinSince;

    /// <summary>Whether there is one at all.</summary>
    public bool IsSet => most > 0;

    /// <summary>Whether the worker is to be replaced now. Asked regularly.</summary>
    /// <param name="used">Its resident bytes.</param>
    public bool Demands(long used)
    {
        var now = time.GetUtcNow();
        if (!IsSet || used <= most)
        {
            _withinSince ??= now;
            return false;
        }

        if (now < _notBefore)
        {
            return false;
        }

        _notBefore = now + _backoff.Next(_withinSince is { } since ? now - since : TimeSpan.Zero);
        _withinSince = null;
        return true;
    }
}
