using Microsoft.Extensions.Primitives;

namespace Skitai.Engine.Static;

/// <summary>Compares entity tags (RFC 9110 section 8.8.3).</summary>
internal static class EntityTags
{
    /// <summary>Whether the tag is weak.</summary>
    public static bool IsWeak(ReadOnlySpan<char> tag) => tag.StartsWith("W/", StringComparison.Ordinal);

    /// <summary>Whether a list of tags, as If-Match and If-None-Match have it, names this one; <c>*</c> names any.</summary>
    /// <param name="header">The field's lines. What is no entity tag in them matches nothing.</param>
    /// <param name="tag">The representation's own.</param>
    /// <param name="strong">Strong comparison: a weak tag on either side matches nothing.</param>
    public static bool Lists(in StringValues header, string tag, bool strong)
    {
        for (var i = 0; i < header.Count; i++)
        {
            if (Lists(header[i], tag, strong))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Lists(ReadOnlySpan<char> line, ReadOnlySpan<char> tag, bool strong)
    {
        if (line.Trim(" \t") is "*")
        {
            return true;
        }

        while (true)
        {
            line = line.TrimStart(" \t,");
            if (line.IsEmpty)
            {
                return false;
            }

            var quote = IsWeak(line) ? 2 : 0;
            if (quote >= line.Length || line[quote] != '"')
            {
                return false;
            }

            var end = line[(quote + 1)..].IndexOf('"');
            if (end < 0)
            {
                return false;
            }

            var length = quote + end + 2;
            if (AreEqual(line[..length], tag, strong))
            {
                return true;
            }

            line = line[length..];
        }
    }

    /// <summary>Compares two well-formed tags.</summary>
    public static bool AreEqual(ReadOnlySpan<char> one, ReadOnlySpan<char> other, bool strong)
    {
        if (strong)
        {
            return !IsWeak(one) && one.SequenceEqual(other);
        }

        one = IsWeak(one) ? one[2..] : one;
        other = IsWeak(other) ? other[2..] : other;
        return one.SequenceEqual(other);
    }
}
