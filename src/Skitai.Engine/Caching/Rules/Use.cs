namespace Skitai.Engine.Caching.Rules;

/// <summary>How a kept answer may be used for a request.</summary>
internal enum Use
{
    /// <summary>As it is.</summary>
    AsIs,

    /// <summary>As it is, though stale, since the request takes that.</summary>
    Stale,

    /// <summary>As it is, though stale, while the origin is asked (stale-while-revalidate).</summary>
    StaleWhileRevalidated,

    /// <summary>When the origin has confirmed it: it is stale.</summary>
    WhenConfirmed,

    /// <summary>When the origin has confirmed it for this very request: the request or the answer says so.</summary>
    WhenConfirmedForIt,
}
