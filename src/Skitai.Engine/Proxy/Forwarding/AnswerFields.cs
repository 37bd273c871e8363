using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>
/// Makes what a member says of its own URLs true for the client: paths get the mount's prefix in front, and the member's
/// address becomes the one that the client knows (Location, Content-Location, the Path of cookies).
/// </summary>
internal static class AnswerFields
{
    /// <summary>Changes the answer's fields in place.</summary>
    /// <param name="headers">The member's.</param>
    /// <param name="authority">The Host that the member got.</param>
    /// <param name="member">The member's own <c>host:port</c>.</param>
    /// <param name="origin">What the client sees it under, <c>http://host</c>.</param>
    /// <param name="prefix">The mount's prefix.</param>
    /// <param name="announced">The prefix that the member was told: this one, behind that of a trusted proxy in front.</param>
    public static void Map(HeaderList headers, string authority, string member, in ClientOrigin origin, string prefix, string announced)
    {
        for (var at = 0; at < headers.Count; at++)
        {
            var (name, value) = headers.Lines[at];
            string? mapped = null;
            switch (name.Length)
            {
                case 8 when name.Equals("Location", StringComparison.OrdinalIgnoreCase):
                case 16 when name.Equals("Content-Location", StringComparison.OrdinalIgnoreCase):
                    mapped = MapUrl(value, authority, member, origin, prefix, announced);
                    break;
                case 10 when prefix.Length > 0 && name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase):
                    mapped = MapCookie(value, prefix, announced);
                    break;
            }

            if (mapped is not null)
            {
                headers.SetAt(at, mapped);
            }
        }
    }

    /// <summary>A URL as the client has to use it; null = as it is.</summary>
    public static string? MapUrl(string url, string authority, string member, in ClientOrigin origin, string prefix, string announced)
    {
        if (url.StartsWith('/') && !url.StartsWith("//", StringComparison.Ordinal))
        {
            return prefix.Length == 0 || IsBelow(url, announced) ? null : prefix + url;
        }

        var scheme = url.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? 7
            : url.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? 8
            : url.StartsWith("//", StringComparison.Ordinal) ? 2 : 0;
        if (scheme == 0)
        {
            return null; // relative, or of another kind
        }

        var rest = url.AsSpan(scheme);
        var end = rest.IndexOfAny('/', '?', '#');
        var host = end < 0 ? rest : rest[..end];
        if (host.Equals(member, StringComparison.OrdinalIgnoreCase))
        {
            // Its own address is nobody's business, and mostly out of the client's reach.
        }
        else if (!host.Equals(authority, StringComparison.OrdinalIgnoreCase) || prefix.Length == 0)
        {
            return null;
        }

        var path = end < 0 ? "" : rest[end..];
        if (IsBelow(path, announced))
        {
            prefix = "";
        }

        if (origin.Authority.Length == 0)
        {
            // An HTTP/1.0 client that does not say whom it asks.
            return string.Concat(prefix, path.Length > 0 && path[0] == '/' ? "" : "/", path);
        }

        var slash = path.Length > 0 && path[0] == '/' ? "" : "/";
        return host.Equals(authority, StringComparison.OrdinalIgnoreCase) && host.Equals(origin.Authority, StringComparison.OrdinalIgnoreCase)
            ? string.Concat(url.AsSpan(0, scheme), host, prefix, string.Concat(slash, path))
            : string.Concat(string.Concat(origin.Scheme, "://", origin.Authority, prefix), slash, path);
    }

    /// <summary>Whether a path is the client's already: the member makes use of X-Forwarded-Prefix.</summary>
    private static bool IsBelow(ReadOnlySpan<char> path, string prefix) =>
        prefix.Length > 0 && path.StartsWith(prefix, StringComparison.Ordinal) && (path.Length == prefix.Length || path[prefix.Length] is '/' or '?' or '#');

    /// <summary>A cookie whose Path is the member's, with the client's; null = it has none.</summary>
    public static string? MapCookie(string cookie, string prefix, string announced)
    {
        // Attributes begin behind the first semicolon; the last Path counts (RFC 6265 section 5.3).
        for (var semicolon = cookie.LastIndexOf(';'); semicolon > 0; semicolon = cookie.LastIndexOf(';', semicolon - 1))
        {
            var attribute = cookie.AsSpan(semicolon + 1);
            var next = attribute.IndexOf(';');
            attribute = next < 0 ? attribute : attribute[..next];
            var equals = attribute.IndexOf('=');
            if (equals < 0 || !attribute[..equals].Trim(" \t").Equals("path", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var path = attribute[(equals + 1)..].Trim(" \t");
            if (path.IsEmpty || path[0] != '/' || IsBelow(path, announced))
            {
                return null; // the browser takes the request's own path, or the member knows its prefix
            }

            var start = semicolon + 1 + equals + 1;
            var end = next < 0 ? cookie.Length : semicolon + 1 + next;
            return string.Concat(cookie.AsSpan(0, start), prefix, path, cookie.AsSpan(end));
        }

        return null;
    }
}
