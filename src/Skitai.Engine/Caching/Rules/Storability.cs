using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching.Rules;

/// <summary>Whether an answer may be kept by a shared cache, and is worth it (RFC 9111 sections 3 and 3.5).</summary>
internal static class Storability
{
    /// <summary>Decides.</summary>
    /// <param name="request">What asked for it.</param>
    /// <param name="status">The answer's status.</param>
    /// <param name="fields">Its fields.</param>
    /// <param name="freshness">What they come to.</param>
    /// <param name="keepsCookies">Whether the conf allows to keep answers that set cookies.</param>
    public static StoreRefusal Check(RequestTraits request, int status, HeaderList fields, Freshness freshness, bool keepsCookies)
    {
        var control = freshness.Control;
        if (request.HasFlag(RequestTraits.OtherMethod))
        {
            return StoreRefusal.Method;
        }

        if (request.HasFlag(RequestTraits.NoStore))
        {
            return StoreRefusal.RequestNoStore;
        }

        if (request.HasFlag(RequestTraits.UnkeyedField))
        {
            return StoreRefusal.UnkeyedField;
        }

        if (status is < 200 or 206 or 304)
        {
            return StoreRefusal.Status;
        }

        if (control.Has(CacheDirectives.MustUnderstand))
        {
            if (!StatusRules.IsUnderstood(status))
            {
                return StoreRefusal.Status;
            }
        }
        else if (control.Has(CacheDirectives.NoStore))
        {
            return StoreRefusal.NoStore;
        }

        if (control.Has(CacheDirectives.Private))
        {
            return StoreRefusal.Private;
        }

        var isForAll = control.Has(CacheDirectives.Public) || control.SharedMaxAge != CacheControl.Absent;
        if (request.HasFlag(RequestTraits.Authorization) && !isForAll && !control.Has(CacheDirectives.MustRevalidate))
        {
            return StoreRefusal.Authorization;
        }

        if (!(keepsCookies && isForAll) && fields.Find("Set-Cookie") is not null)
        {
            return StoreRefusal.SetCookie;
        }

        if (fields.FindAll("Vary") is { } vary && !VaryNames.TryParse(vary, out _))
        {
            return StoreRefusal.Vary;
        }

        return IsReusable(freshness) ? StoreRefusal.None : StoreRefusal.NotReusable;
    }

    /// <summary>
    /// An answer that says nothing of its lifetime is one of an app that has not thought of caches: section 3 would allow to
    /// keep it, and to confirm it each time, but nothing would be gained by that which is worth the risk.
    /// </summary>
    private static bool IsReusable(Freshness freshness) =>
        freshness.Lifetime > TimeSpan.Zero
            ? !freshness.IsAlwaysChecked || freshness.Validators.Any
            : freshness.Validators.Any
                ? freshness.IsExplicit || freshness.IsAlwaysChecked
                : !freshness.IsNeverUsedStale && (freshness.Control.StaleWhileRevalidate > 0 || freshness.Control.StaleIfError > 0);
}
