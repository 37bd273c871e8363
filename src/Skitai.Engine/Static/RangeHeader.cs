namespace Skitai.Engine.Static;

/// <summary>Reads the Range header (RFC 9110 section 14).</summary>
internal static class RangeHeader
{
    /// <summary>
    /// Who asks for more parts than this at once gets the whole: a header of a few hundred bytes must not make
    /// thousands of parts.
    /// </summary>
    public const int MostParts = 16;

    /// <summary>Reads the ranges. Overlapping and touching ones become one, so that no byte is sent twice.</summary>
    /// <param name="header">The field's value; null = several lines, which are ignored.</param>
    /// <param name="size">The representation's bytes.</param>
    /// <returns>
    /// Null: the header is to be ignored (another unit, bad syntax, too many parts, an empty file); an empty list: none can be satisfied,
    /// 416; else the parts, in the order asked for unless some were joined.
    /// </returns>
    public static IReadOnlyList<ByteRange>? Parse(ReadOnlySpan<char> header, long size)
    {
        const string unit = "bytes=";
        header = header.Trim(" \t");

        // Some clients put a Range on every request to bound the answer; of an empty file they can have the whole.
        if (size == 0 || !header.StartsWith(unit, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        header = header[unit.Length..];
        var parts = new List<ByteRange>();
        var asked = 0;
        foreach (var at in header.Split(','))
        {
            var item = header[at].Trim(" \t");
            if (item.IsEmpty)
            {
                continue; // a list may have empty elements (section 5.6.1)
            }

            if (++asked > MostParts || !TryParse(item, size, out var part))
            {
                return null;
            }

            if (part is { } satisfiable)
            {
                parts.Add(satisfiable);
            }
        }

        return asked == 0 ? null : Join(parts);
    }

    /// <summary>One range; a null part cannot be satisfied. False: no range at all.</summary>
    private static bool TryParse(ReadOnlySpan<char> item, long size, out ByteRange? part)
    {
        part = null;
        var dash = item.IndexOf('-');
        if (dash < 0)
        {
            return false;
        }

        var left = item[..dash];
        var right = item[(dash + 1)..];
        if (left.IsEmpty)
        {
            if (!TryParseNumber(right, out var suffix))
            {
                return false;
            }

            part = suffix == 0 ? null : new ByteRange(Math.Max(0, size - suffix), size - 1);
            return true;
        }

        var last = long.MaxValue;
        if (!TryParseNumber(left, out var first) || (!right.IsEmpty && (!TryParseNumber(right, out last) || last < first)))
        {
            return false;
        }

        part = first >= size ? null : new ByteRange(first, Math.Min(last, size - 1));
        return true;
    }

    /// <summary>Digits and nothing else; too many of them stand for more than any file has.</summary>
    private static bool TryParseNumber(ReadOnlySpan<char> text, out long number)
    {
        number = 0;
        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c))
            {
                return false;
            }

            number = number > (long.MaxValue - 9) / 10 ? long.MaxValue / 10 : (number * 10) + (c - '0');
        }

        return !text.IsEmpty;
    }

    private static List<ByteRange> Join(List<ByteRange> parts)
    {
        if (parts.Count < 2)
        {
            return parts;
        }

        var joined = new List<ByteRange>(parts);
        joined.Sort(static (one, other) => one.First.CompareTo(other.First));
        var kept = 0;
        for (var i = 1; i < joined.Count; i++)
        {
            if (joined[i].First <= joined[kept].Last + 1)
            {
                joined[kept] = joined[kept] with { Last = Math.Max(joined[kept].Last, joined[i].Last) };
            }
            else
            {
                joined[++kept] = joined[i];
            }
        }

        if (kept + 1 == parts.Count)
        {
            return parts;
        }

        joined.RemoveRange(kept + 1, joined.Count - kept - 1);
        return joined;
    }
}
