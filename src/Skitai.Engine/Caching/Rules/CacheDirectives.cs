namespace Skitai.Engine.Caching.Rules;

/// <summary>The directives of Cache-Control without a value (RFC 9111 section 5.2), those of requests and of answers.</summary>
[Flags]
internal enum CacheDirectives
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>An answer may not be used, a request not be answered, without asking the origin.</summary>
    NoCache = 1,

    /// <summary>Nothing of it may be kept.</summary>
    NoStore = 2,

    /// <summary>An answer is for one user.</summary>
    Private = 4,

    /// <summary>An answer is for all, even to a request with Authorization.</summary>
    Public = 8,

    /// <summary>Once stale it may not be used without asking the origin.</summary>
    MustRevalidate = 16,

    /// <summary>The same, for shared caches.</summary>
    ProxyRevalidate = 32,

    /// <summary>It may be kept, NoStore notwithstanding, by those who know its status, and by nobody else.</summary>
    MustUnderstand = 64,

    /// <summary>A request that is to be answered from the cache or not at all.</summary>
    OnlyIfCached = 128,

    /// <summary>A request that takes stale answers, however stale.</summary>
    AnyStale = 256,
}
