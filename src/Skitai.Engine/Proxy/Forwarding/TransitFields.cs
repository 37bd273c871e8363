using Microsoft.Extensions.Primitives;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>Which fields of a request end here and which do not go on as the client wrote them.</summary>
internal static class TransitFields
{
    /// <summary>
    /// Whether a field is about this connection only (RFC 9110 section 7.6.1), or is written anew by whoever sends the request
    /// (<see cref="Upstream.MemberRequest.Headers"/>).
    /// </summary>
    public static bool EndsHere(string name) => name.Length switch
    {
        2 => Is(name, "TE"),
        4 => Is(name, "Host"),
        5 => Is(name, "Proxy"),
        6 => Is(name, "Expect"),
        7 => Is(name, "Upgrade") || Is(name, "Trailer"),
        10 => Is(name, "Connection") || Is(name, "Keep-Alive"),
        14 => Is(name, "Content-Length") || Is(name, "HTTP2-Settings"),
        17 => Is(name, "Transfer-Encoding"),
        _ => false,
    } || name.StartsWith("Proxy-", StringComparison.OrdinalIgnoreCase) || name[0] == ':';

    /// <summary>
    /// Whether a field says something that only we, or a proxy we trust, may say; however it is spelled, since a CGI-like
    /// member takes <c>_</c> and <c>-</c> for the same.
    /// </summary>
    public static bool IsOurs(string name)
    {
        return name.Length >= 9 && (name[0] | 0x20) switch
        {
            'x' => StartsLike(name, "X-Forwarded-") || IsLike(name, "X-Real-IP") || IsLike(name, "X-Gtxn-Id") || IsLike(name, "X-Ltxn-Id"),
            'f' => IsLike(name, "Forwarded"),
            _ => false,
        };
    }

    /// <summary>Whether Connection names that field; for the few requests whose Connection names any.</summary>
    public static bool IsNamedBy(StringValues connection, string name)
    {
        foreach (var value in connection)
        {
            foreach (var range in value.AsSpan().Split(','))
            {
                if (value.AsSpan(range).Trim(" \t").Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Whether Connection names fields at all, beside those that <see cref="EndsHere"/> knows.</summary>
    public static bool NamesFields(StringValues connection) =>
        connection.Count > 1 || (connection.Count == 1 && !Is(connection[0]!, "keep-alive") && !Is(connection[0]!, "close"));

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);

    private static bool IsLike(string name, string ours) => name.Length == ours.Length && StartsLike(name, ours);

    private static bool StartsLike(string name, string ours)
    {
        if (name.Length < ours.Length)
        {
            return false;
        }

        for (var at = 0; at < ours.Length; at++)
        {
            var c = name[at] == '_' ? '-' : char.ToLowerInvariant(name[at]);
            if (c != char.ToLowerInvariant(ours[at]))
            {
                return false;
            }
        }

        return true;
    }
}
