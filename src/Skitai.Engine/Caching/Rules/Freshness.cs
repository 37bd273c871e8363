using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching.Rules;

/// <summary>How old an answer is and how long it is good (RFC 9111 section 4.2). Worked out once for each answer; the clock is the caller's.</summary>
internal sealed class Freshness
{
    /// <summary>A guessed lifetime is never longer.</summary>
    private static readonly TimeSpan s_mostGuessed = TimeSpan.FromDays(1);

    /// <summary>For how long an answer may be used beyond its lifetime when no member can be reached and nothing forbids it (section 4.2.4).</summary>
    private static readonly TimeSpan s_unreachable = TimeSpan.FromSeconds(60);

    private readonly DateTimeOffset _answeredAt;

    /// <summary>Works it out.</summary>
    /// <param name="status">The answer's status.</param>
    /// <param name="fields">Its fields.</param>
    /// <param name="requestedAt">When the request was sent.</param>
    /// <param name="answeredAt">When the answer came.</param>
    /// <param name="guesses">Whether a lifetime is guessed where none is given.</param>
    public Freshness(int status, HeaderList fields, DateTimeOffset requestedAt, DateTimeOffset answeredAt, bool guesses)
    {
        _answeredAt = answeredAt;
        IsTargeted = TargetedCacheControl.TryParse(fields, out var control);
        Control = IsTargeted ? control : CacheControl.Parse(fields);
        Validators = new Validators(fields.Lines, answeredAt);
        AgeAtArrival = Age(fields, requestedAt);
        (Lifetime, IsExplicit) = FindLifetime(status, fields, guesses);
    }

    /// <summary>What Cache-Control says, or the field that is meant for this cache.</summary>
    public CacheControl Control { get; }

    /// <summary>Whether <see cref="Control"/> is from such a field (RFC 9213).</summary>
    public bool IsTargeted { get; }

    /// <summary>The answer's validators.</summary>
    public Validators Validators { get; }

    /// <summary>How old it was when it came (corrected_initial_age, section 4.2.3).</summary>
    public TimeSpan AgeAtArrival { get; }

    /// <summary>How long it is good, from its making on; zero = it has to be asked for each time.</summary>
    public TimeSpan Lifetime { get; }

    /// <summary>Whether the answer says its lifetime itself, however short.</summary>
    public bool IsExplicit { get; }

    /// <summary>Whether it has to be confirmed for every single request.</summary>
    public bool IsAlwaysChecked => Control.Has(CacheDirectives.NoCache);

    /// <summary>Whether it may never be used once stale, whatever happens (section 4.2.4).</summary>
    public bool IsNeverUsedStale => Control.Has(CacheDirectives.NoCache | CacheDirectives.MustRevalidate | CacheDirectives.ProxyRevalidate);

    /// <summary>How old it is (current_age).</summary>
    public TimeSpan AgeAt(DateTimeOffset now)
    {
        // A clock that was put back must not make it younger.
        var resident = now - _answeredAt;
        return resident > TimeSpan.Zero ? AgeAtArrival + resident : AgeAtArrival;
    }

    /// <summary>How long it still is good; zero or less = it is stale.</summary>
    public TimeSpan LeftAt(DateTimeOffset now) => Lifetime - AgeAt(now);

    /// <summary>Whether it may be used now while somebody asks the origin (RFC 5861 section 3).</summary>
    public bool MayBeUsedWhileRevalidated(DateTimeOffset now) => !IsNeverUsedStale && IsWithin(Control.StaleWhileRevalidate, now);

    /// <summary>Whether it may be used now since the origin fails (RFC 5861 section 4).</summary>
    /// <param name="now">The time.</param>
    /// <param name="isUnreachable">No member could be reached; else it answered with 500, 502, 503 or 504.</param>
    /// <param name="request">A request may allow it, too.</param>
    public bool MayBeUsedOnError(DateTimeOffset now, bool isUnreachable, in CacheControl request)
    {
        if (IsNeverUsedStale)
        {
            return false;
        }

        if (IsWithin(Control.StaleIfError, now) || IsWithin(request.StaleIfError, now))
        {
            return true;
        }

        // s-maxage means proxy-revalidate, too (section 5.2.2.10), unless the origin itself has said more.
        return isUnreachable && Control.StaleIfError == CacheControl.Absent && Control.SharedMaxAge == CacheControl.Absent
            && Lifetime > TimeSpan.Zero && -LeftAt(now) <= s_unreachable;
    }

    private bool IsWithin(long seconds, DateTimeOffset now) =>
        seconds > 0 && -LeftAt(now) <= TimeSpan.FromSeconds(seconds);

    private TimeSpan Age(HeaderList fields, DateTimeOffset requestedAt)
    {
        // Whole seconds, as Date has them: a fraction would make every answer a little old.
        var apparent = Validators.Date is { } date ? DateTimeOffset.FromUnixTimeSeconds(_answeredAt.ToUnixTimeSeconds()) - date : TimeSpan.Zero;
        var delay = _answeredAt > requestedAt ? _answeredAt - requestedAt : TimeSpan.Zero;
        var corrected = TimeSpan.FromSeconds(AgeField(fields)) + delay;
        return corrected > apparent ? corrected : apparent;
    }

    /// <summary>The first member of the first line; anything but a number is as if it were not there (section 5.1).</summary>
    private static long AgeField(HeaderList fields)
    {
        var value = fields.Find("Age").AsSpan();
        var comma = value.IndexOf(',');
        return DeltaSeconds.TryParse((comma < 0 ? value : value[..comma]).Trim(" \t"), out var seconds) ? seconds : 0;
    }

    private (TimeSpan Lifetime, bool IsExplicit) FindLifetime(int status, HeaderList fields, bool guesses)
    {
        if (Control.SharedMaxAge != CacheControl.Absent)
        {
            return (TimeSpan.FromSeconds(Control.SharedMaxAge), true);
        }

        if (Control.MaxAge != CacheControl.Absent)
        {
            return (TimeSpan.FromSeconds(Control.MaxAge), true);
        }

        if (!IsTargeted && fields.FindAll("Expires") is { } expires)
        {
            // Without a readable Date its arrival stands for it; what is no date is long past (section 5.3).
            return HttpDate.TryParse(expires, _answeredAt, out var end) && end - (Validators.Date ?? _answeredAt) is var left && left > TimeSpan.Zero
                ? (left, true)
                : (TimeSpan.Zero, true);
        }

        if (guesses && Validators.LastModified is { } modified && (StatusRules.MayBeGuessed(status) || Control.Has(CacheDirectives.Public)))
        {
            var guess = ((Validators.Date ?? _answeredAt) - modified) / 10;
            return (guess > s_mostGuessed ? s_mostGuessed : guess > TimeSpan.Zero ? guess : TimeSpan.Zero, false);
        }

        return (TimeSpan.Zero, false);
    }
}
