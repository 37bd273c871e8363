using System.Globalization;
using System.Text;
using Skitai.Configuration.Routes;
using Skitai.Engine.Routing;
using Skitaid.Commands;

namespace Skitaid.Explaining;

/// <summary>What a person asks about: a URL, or as much of one as was typed.</summary>
/// <param name="Scheme"><c>http</c> or <c>https</c>; null = not said.</param>
/// <param name="Host">The host, lower case, IPv6 in brackets; null = not said.</param>
/// <param name="Port">The port; null = not said.</param>
/// <param name="Target">Path and query as a client sends them: without a fragment, percent-encoded beyond ASCII.</param>
internal sealed record AskedUrl(string? Scheme, string? Host, int? Port, string Target)
{
    /// <summary>The port that a client connects to; null = neither port nor scheme is said.</summary>
    public int? ConnectPort => Port ?? Scheme switch { "http" => 80, "https" => 443, _ => null };

    /// <summary>Takes apart <c>http://host:port/path</c>, <c>host/path</c> or <c>/path</c>.</summary>
    /// <exception cref="UsageException">It is none of them.</exception>
    public static AskedUrl Parse(string text)
    {
        string? scheme = null;
        var rest = text.AsSpan().Trim();
        var colons = rest.IndexOf("://", StringComparison.Ordinal);
        if (colons >= 0 && rest.IndexOfAny("/?#") == colons + 1)
        {
            scheme = rest[..colons].ToString().ToLowerInvariant();
            if (scheme is not ("http" or "https"))
            {
                throw new UsageException($"'{scheme}' is not a scheme that skitaid serves: http or https");
            }

            rest = rest[(colons + 3)..];
        }

        var end = rest.IndexOfAny("/?#");
        var authority = end < 0 ? rest : rest[..end];
        var target = end < 0 ? [] : rest[end..];

        // Who logs in is no part of what is asked for; a fragment stays in the browser.
        authority = authority[(authority.LastIndexOf('@') + 1)..];
        target = target.IndexOf('#') is >= 0 and var mark ? target[..mark] : target;
        var path = (target.IsEmpty || target[0] != '/' ? "/" : "") + Encode(target);
        if (authority.IsEmpty && (scheme is not null || target.IsEmpty || target[0] != '/'))
        {
            throw new UsageException($"'{text}' names no host: http://127.0.0.1:5000/x, www.example.com/x and /x can be explained");
        }

        if (authority.IsEmpty)
        {
            return new AskedUrl(null, null, null, path);
        }

        return HostName.TryParse(AsciiName.Of(authority.ToString()) ?? authority.ToString(), out var host)
            ? new AskedUrl(scheme, host.Name, host.Port > 0 ? host.Port : null, path)
            : throw new UsageException($"'{authority}' is not a host, nor a host and a port of 1 to 65535");
    }

    private static string Encode(ReadOnlySpan<char> target)
    {
        var encoded = new StringBuilder(target.Length);
        foreach (var octet in Encoding.UTF8.GetBytes(target.ToString()))
        {
            if (octet is > (byte)' ' and < 0x7f)
            {
                encoded.Append((char)octet);
            }
            else
            {
                encoded.Append(CultureInfo.InvariantCulture, $"%{octet:X2}");
            }
        }

        return encoded.ToString();
    }
}
