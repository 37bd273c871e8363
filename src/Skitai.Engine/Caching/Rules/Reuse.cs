using Microsoft.AspNetCore.Http;

namespace Skitai.Engine.Caching.Rules;

/// <summary>Whether a kept answer does for a request (RFC 9111 sections 4 and 5.2.1).</summary>
internal static class Reuse
{
    /// <summary>What a request's Cache-Control says; Pragma, where there is none (section 5.4).</summary>
    public static CacheControl DirectivesOf(IHeaderDictionary request)
    {
        var lines = request.CacheControl;
        if (lines.Count > 0)
        {
            return CacheControl.Parse(lines);
        }

        var control = new CacheControl();
        if (request.Pragma is { Count: > 0 } pragma && pragma.ToString().Contains("no-cache", StringComparison.OrdinalIgnoreCase))
        {
            control.Directives = CacheDirectives.NoCache;
        }

        return control;
    }

    /// <summary>Decides.</summary>
    /// <param name="stored">The kept answer's freshness.</param>
    /// <param name="now">The time.</param>
    /// <param name="request">The request's directives.</param>
    public static Use Decide(Freshness stored, DateTimeOffset now, in CacheControl request)
    {
        if (stored.IsAlwaysChecked || request.Has(CacheDirectives.NoCache))
        {
            return Use.WhenConfirmedForIt;
        }

        var age = stored.AgeAt(now);
        var left = stored.Lifetime - age;
        if (request.MaxAge != CacheControl.Absent && age > TimeSpan.FromSeconds(request.MaxAge) && !TakesStale(stored, left, request))
        {
            return Use.WhenConfirmedForIt;
        }

        if (request.MaxAge == 0 || (request.MinFresh != CacheControl.Absent && left < TimeSpan.FromSeconds(request.MinFresh)))
        {
            return Use.WhenConfirmedForIt;
        }

        if (left > TimeSpan.Zero)
        {
            return Use.AsIs;
        }

        if (TakesStale(stored, left, request))
        {
            return Use.Stale;
        }

        if (stored.MayBeUsedWhileRevalidated(now))
        {
            return Use.StaleWhileRevalidated;
        }

        // Without a lifetime nobody else may have what is confirmed now: each asks for himself.
        return stored.Lifetime > TimeSpan.Zero ? Use.WhenConfirmed : Use.WhenConfirmedForIt;
    }

    private static bool TakesStale(Freshness stored, TimeSpan left, in CacheControl request) =>
        !stored.IsNeverUsedStale && stored.Control.SharedMaxAge == CacheControl.Absent
        && (request.Has(CacheDirectives.AnyStale) || (request.MaxStale > 0 && -left <= TimeSpan.FromSeconds(request.MaxStale)));
}
