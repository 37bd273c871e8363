using System.Globalization;
using Skitai.Engine.Hosting;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Caching.Rules;

/// <summary>
/// The primary key (RFC 9111 section 2): scheme, host and port as the client sees them, path, query. Lower case where that
/// means the same, without the scheme's own port. The path is decoded, so it can have a question mark of its own: a NUL,
/// which it cannot have, goes between it and the query.
/// </summary>
internal static class CacheKey
{
    /// <summary>What goes between path and query.</summary>
    public const char QueryMark = '\0';

    /// <summary>Makes the key of a request.</summary>
    /// <param name="scheme"><c>http</c> or <c>https</c>.</param>
    /// <param name="host">Lower case.</param>
    /// <param name="port">1 to 65535.</param>
    /// <param name="path">Decoded, without dot segments.</param>
    /// <param name="query">As it came, without its <c>?</c>.</param>
    public static string Make(string scheme, string host, int port, string path, string query)
    {
        var isDefault = port == (scheme == "https" ? 443 : 80);
        if (query.Length == 0)
        {
            return isDefault
                ? string.Concat(scheme, "://", host, path)
                : string.Concat(string.Concat(scheme, "://", host), string.Create(CultureInfo.InvariantCulture, $":{port}"), path);
        }

        return isDefault
            ? $"{scheme}://{host}{path}\0{query}"
            : string.Create(CultureInfo.InvariantCulture, $"{scheme}://{host}:{port}{path}\0{query}");
    }

    /// <summary>Makes the key of a URL, as it is to be purged.</summary>
    /// <param name="url"><c>http://host/path?query</c>, percent-encoded; a missing path is <c>/</c>.</param>
    /// <param name="key">The key.</param>
    /// <returns>False when it is no such URL.</returns>
    public static bool TryMake(string url, out string key)
    {
        key = "";
        var scheme = url.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? "https"
            : url.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? "http" : null;
        if (scheme is null)
        {
            return false;
        }

        var rest = url.AsSpan(scheme.Length + 3);
        var fragment = rest.IndexOf('#');
        rest = fragment < 0 ? rest : rest[..fragment];
        var end = rest.IndexOfAny('/', '?');
        var authority = end < 0 ? rest : rest[..end];
        if (!HostName.TryParse(authority, out var host))
        {
            return false;
        }

        var target = end < 0 ? "/" : rest[end..].ToString();
        if (target[0] == '?')
        {
            target = "/" + target;
        }

        if (!RequestTarget.TryParse(target, out var path, out var query))
        {
            return false;
        }

        key = Make(scheme, host.Name, host.Port > 0 ? host.Port : scheme == "https" ? 443 : 80, path, query);
        return true;
    }
}
