using System.Globalization;
using System.Text;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Forwarding;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Caching.Rules;

/// <summary>
/// The primary key (RFC 9111 section 2): the URL as the client sees it, without the scheme's own port. Scheme and host are
/// in lower case, the path is spelled plainly (<see cref="PlainSpelling"/>), and members are asked for what is in the key
/// (<see cref="Flight"/>): what is one thing here never is two to them.
/// </summary>
internal static class CacheKey
{
    /// <summary>The key of a request.</summary>
    public static string Of(Exchange exchange) =>
        Make(exchange.Scheme, exchange.Host, exchange.HostPort, ForwardedTarget.Of(exchange.Request.RawTarget, exchange.Path, exchange.Query, ""));

    /// <summary>The key of a URL.</summary>
    /// <param name="url"><c>http://host/path?query</c>; a missing path is <c>/</c>, and what no URL has stands for its UTF-8 bytes, percent-encoded.</param>
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
        if (target.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            target = Encode(target);
        }

        if (!RequestTarget.TryParse(target, out var path, out var query))
        {
            return false;
        }

        key = Make(scheme, host.Name, host.Port > 0 ? host.Port : scheme == "https" ? 443 : 80, ForwardedTarget.Of(target, path, query, ""));
        return true;
    }

    /// <summary>Host and port in a key.</summary>
    public static string AuthorityOf(string key)
    {
        var from = key.IndexOf("://", StringComparison.Ordinal) + 3;
        return key[from..key.IndexOf('/', from)];
    }

    private static string Make(string scheme, string host, int port, string spelled)
    {
        var target = PlainSpelling.Of(spelled);
        return port == (scheme == "https" ? 443 : 80)
            ? string.Concat(scheme, "://", host, target)
            : string.Create(CultureInfo.InvariantCulture, $"{scheme}://{host}:{port}{target}");
    }

    private static string Encode(string target)
    {
        var text = new StringBuilder(target.Length * 2);
        foreach (var value in Encoding.UTF8.GetBytes(target))
        {
            if (value is > 32 and < 127)
            {
                text.Append((char)value);
            }
            else
            {
                text.Append('%').Append(value.ToString("X2", CultureInfo.InvariantCulture));
            }
        }

        return text.ToString();
    }
}
