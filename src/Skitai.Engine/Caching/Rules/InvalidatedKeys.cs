namespace Skitai.Engine.Caching.Rules;

/// <summary>What an unsafe request that has not failed makes obsolete (RFC 9111 section 4.4).</summary>
internal static class InvalidatedKeys
{
    /// <summary>Whether a request of that method changes nothing (RFC 9110 section 9.2.1); an unknown method may.</summary>
    public static bool IsSafe(string method) => method is "GET" or "HEAD" or "OPTIONS" or "TRACE";

    /// <summary>Whether its answer means that something may have changed.</summary>
    public static bool IsSuccess(int status) => status is >= 200 and < 400;

    /// <summary>The key that Location or Content-Location names.</summary>
    /// <param name="requestUrl">The request's own URL, absolute, percent-encoded.</param>
    /// <param name="reference">The field's value; null = it is not there.</param>
    /// <param name="key">The key.</param>
    /// <returns>False when there is none, or it is of another origin: nobody makes others' answers obsolete.</returns>
    public static bool TryResolve(string requestUrl, string? reference, out string key)
    {
        key = "";
        return reference is { Length: > 0 and < 8192 }
            && Uri.TryCreate(requestUrl, UriKind.Absolute, out var own)
            && Uri.TryCreate(own, reference, out var named)
            && named.Scheme == own.Scheme && named.Port == own.Port
            && string.Equals(named.IdnHost, own.IdnHost, StringComparison.OrdinalIgnoreCase)
            && CacheKey.TryMake(named.AbsoluteUri, out key);
    }
}
