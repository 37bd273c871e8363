using System.Buffers;

namespace Skitai.Engine.Hosting;

/// <summary>
/// From the request line's target to path and query: percent-decoded once, dot segments removed after that, so that
/// there is one form of a path for routing, access rules and apps (RFC 3986 section 5.2.4, RFC 9112 section 3.2).
/// </summary>
internal static class RequestTarget
{
    // Printable ASCII without the fragment's sign: a fragment never is part of a request.
    private static readonly SearchValues<char> Allowed = SearchValues.Create(
        "!\"$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    /// <summary>Takes a target apart: origin form, absolute form or <c>*</c> (whose path is <c>*</c>).</summary>
    /// <returns>False when it is not valid: 400.</returns>
    public static bool TryParse(string target, out string path, out string query)
    {
        (path, query) = ("/", "");
        ReadOnlySpan<char> rest = target;
        if (rest.ContainsAnyExcept(Allowed) || rest.IsEmpty)
        {
            return false;
        }

        if (rest[0] != '/')
        {
            if (rest is "*")
            {
                path = target;
                return true;
            }

            if (!TrySkipAuthority(ref rest))
            {
                return false;
            }
        }

        var mark = rest.IndexOf('?');
        if (mark >= 0)
        {
            query = rest[(mark + 1)..].ToString();
            rest = rest[..mark];
        }

        if (rest.IsEmpty)
        {
            return true;
        }

        if (!rest.Contains('%') && rest.IndexOf("/.", StringComparison.Ordinal) < 0)
        {
            path = rest.Length == target.Length ? target : rest.ToString();
            return true;
        }

        return TryNormalise(rest, out path);
    }

    private static bool TrySkipAuthority(ref ReadOnlySpan<char> rest)
    {
        var scheme = rest.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? 7
            : rest.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? 8 : 0;
        if (scheme == 0)
        {
            return false;
        }

        rest = rest[scheme..];
        var end = rest.IndexOfAny('/', '?');
        var authority = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[end..];
        return !authority.IsEmpty && !authority.Contains('@');
    }

    private static bool TryNormalise(ReadOnlySpan<char> raw, out string path)
    {
        path = "/";
        var rented = raw.Length > 512 ? ArrayPool<char>.Shared.Rent(raw.Length) : null;
        var decoded = rented ?? stackalloc char[512];
        try
        {
            var length = Decode(raw, decoded);
            if (length < 0)
            {
                return false;
            }

            path = decoded[..RemoveDotSegments(decoded[..length])].ToString();
            return true;
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<char>.Shared.Return(rented);
            }
        }
    }

    private static int Decode(ReadOnlySpan<char> raw, Span<char> to)
    {
        var length = 0;
        for (var at = 0; at < raw.Length; at++)
        {
            var letter = raw[at];
            if (letter == '%')
            {
                if (at + 2 >= raw.Length || !char.IsAsciiHexDigit(raw[at + 1]) || !char.IsAsciiHexDigit(raw[at + 2]))
                {
                    return -1;
                }

                letter = (char)((FromHex(raw[at + 1]) << 4) | FromHex(raw[at + 2]));
                if (letter == 0)
                {
                    return -1;
                }

                at += 2;
            }

            to[length++] = letter;
        }

        return length;
    }

    private static int FromHex(char digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    /// <summary>In place; the path begins with a slash and still does so after.</summary>
    private static int RemoveDotSegments(Span<char> path)
    {
        var length = 0;
        for (var at = 0; at < path.Length;)
        {
            // One segment with the slash before it.
            var size = path[(at + 1)..].IndexOf('/') + 1;
            size = size == 0 ? path.Length - at : size;
            var segment = path.Slice(at, size);
            var isLast = at + size == path.Length;
            if (segment is "/." or "/..")
            {
                if (segment.Length == 3)
                {
                    length = Math.Max(0, path[..length].LastIndexOf('/'));
                }

                if (isLast)
                {
                    path[length++] = '/';
                }
            }
            else
            {
                segment.CopyTo(path[length..]);
                length += size;
            }

            at += size;
        }

        return length;
    }
}
