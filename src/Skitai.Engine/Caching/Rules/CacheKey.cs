using System.Globalization;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Forwarding;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Caching.Rules;

/// <summary>
/// The primary key (RFC 9111 section 2): the URL as the client sees it, without the scheme's own port. Scheme and host are
/// in lower case, the path is spelled as members get it (<see cref="ForwardedTarget"/>): what is one thing here never is two
/// to them.
/// </summary>
internal static class CacheKey
{
    /// <summary>The key of a request.</summary>
    public static string Of(Exchange exchange) =>
        Make(exchange.Scheme, exchange.Host, exchange.HostPort, ForwardedTarget.Of(exchange.Request.RawTarget, exchange.Path, exchange.Query, ""));

    /// <summary>The key of a URL.</summary>
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

        var target = end < 0 ? "/" : rest[end] == '?' ? string.Concat("/", rest[end..]) : rest[end..].ToString();
        if (!RequestTarget.TryParse(target, out var path, out var query))
        {
            return false;
        }

        key = Make(scheme, host.Name, host.Port > 0 ? host.Port : scheme == "https" ? 443 : 80, ForwardedTarget.Of(target, path, query, ""));
        return true;
    }

    private static string Make(string scheme, string host, int port, string target) =>
        port == (scheme == "https" ? 443 : 80)
            ? string.Concat(scheme, "://", host, target)
            : string.Create(CultureInfo.InvariantCulture, $"{scheme}://{host}:{port}{target}");
}
