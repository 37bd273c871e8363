using System.Buffers;
using System.Text;
using Skitai.Engine.Hosting;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>
/// What a member is asked for: the client's path without the mount's prefix, and the query. As far as possible in the
/// client's own spelling (an encoded slash stays one), but never so that the member decodes it to another path than the
/// one that routing and access rules have seen.
/// </summary>
internal static class ForwardedTarget
{
    // RFC 3986's pchar and the slash, without the percent sign.
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        "!$&'()*+,-./0123456789:;=@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~");

    /// <summary>The target in origin form.</summary>
    /// <param name="raw">The request line's target, valid (<see cref="RequestTarget.TryParse"/>).</param>
    /// <param name="path">What that made of it.</param>
    /// <param name="query">The same.</param>
    /// <param name="prefix">The mount's; <paramref name="path"/> begins with it on a segment boundary.</param>
    public static string Of(string raw, string path, string query, string prefix)
    {
        // The common case: nothing was decoded or removed, the path is the target's own beginning.
        if (raw[0] == '/' && path.Length + (query.Length > 0 ? query.Length + 1 : 0) == raw.Length
            && raw.StartsWith(path, StringComparison.Ordinal) && !raw.Contains('%') && !raw.AsSpan(0, path.Length).ContainsAnyExcept(Plain))
        {
            return prefix.Length == 0 ? raw
                : path.Length > prefix.Length ? raw[prefix.Length..]
                : query.Length == 0 ? "/"
                : string.Concat("/", raw.AsSpan(prefix.Length));
        }

        var rest = Spelled(raw, path, prefix) ?? Encode(path.AsSpan(prefix.Length));
        return query.Length == 0 ? rest : $"{rest}?{query}";
    }

    /// <summary>The client's spelling without dot segments and prefix; null when it would not decode to the path.</summary>
    private static string? Spelled(string raw, string path, string prefix)
    {
        var from = raw[0] == '/' ? 0 : raw.IndexOf('/', raw.IndexOf("//", StringComparison.Ordinal) + 2);
        var mark = raw.IndexOf('?');
        if (from < 0 || (mark >= 0 && mark < from))
        {
            return null;
        }

        var spelled = raw.AsSpan(from, (mark < 0 ? raw.Length : mark) - from);
        if (spelled.IndexOf("/.", StringComparison.Ordinal) >= 0
            || spelled.IndexOf("%2e", StringComparison.OrdinalIgnoreCase) >= 0
            || spelled.IndexOf("%2f.", StringComparison.OrdinalIgnoreCase) >= 0)
        {
            return null; // dots that meant something, or might to the member: said plainly
        }

        foreach (var c in spelled)
        {
            if (c != '%' && !Plain.Contains(c))
            {
                return null;
            }
        }

        // The prefix decodes char by char; where it ends a plain slash must follow, or nothing.
        var at = 0;
        for (var matched = 0; matched < prefix.Length; matched++)
        {
            at += spelled[at] == '%' ? 3 : 1;
        }

        var rest = spelled[at..];
        return rest.IsEmpty ? "/"
            : rest[0] == '/' && RequestTarget.TryParse(rest.ToString(), out var decoded, out _) && path.AsSpan(prefix.Length).SequenceEqual(decoded)
                ? rest.ToString()
                : null;
    }

    private static string Encode(ReadOnlySpan<char> path)
    {
        var text = new StringBuilder(path.Length + 16);
        if (path.IsEmpty || path[0] != '/')
        {
            text.Append('/');
        }

        foreach (var c in path)
        {
            if (Plain.Contains(c))
            {
                text.Append(c);
            }
            else
            {
                text.Append('%').Append(((byte)c).ToString("X2"));
            }
        }

        return text.ToString();
    }
}
