namespace Skitai.Engine.Caching.Rules;

/// <summary>What a status means to a cache.</summary>
internal static class StatusRules
{
    /// <summary>Whether a lifetime may be guessed for it (RFC 9110 section 15.1). 206 is among those, and not kept here.</summary>
    public static bool MayBeGuessed(int status) => status is 200 or 203 or 204 or 300 or 301 or 308 or 404 or 405 or 410 or 414 or 501;

    /// <summary>Whether this cache does for it what its definition asks of caches (must-understand, RFC 9111 section 5.2.2.3).</summary>
    public static bool IsUnderstood(int status) => status is 200 or 203 or 204 or 300 or 301 or 302 or 303 or 307 or 308
        or 400 or 401 or 403 or 404 or 405 or 406 or 409 or 410 or 414 or 415 or 421 or 451 or 500 or 501 or 502 or 503 or 504;

    /// <summary>Whether a stale answer may take the place of this one, where stale-if-error allows it (RFC 5861 section 4).</summary>
    public static bool IsError(int status) => status is 500 or 502 or 503 or 504;
}
