using System.Globalization;
using System.Text;

namespace Skitai.Engine.Caching.Rules;

/// <summary>
/// One spelling for all that are equivalent by RFC 3986 section 6.2.2: letters that need no percent-encoding have none, and
/// its hexadecimal digits are in upper case. What the encoding of a delimiter means is a member's to decide: that stays. A
/// query stays as it is: there are members that compare a signature with its very spelling.
/// </summary>
internal static class PlainSpelling
{
    private const string Digits = "0123456789ABCDEF";

    /// <summary>Respells a target.</summary>
    /// <param name="target">In origin form, valid, without dot segments, encoded ones included.</param>
    /// <returns>The same string when it is plain already.</returns>
    public static string Of(string target)
    {
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        var path = mark < 0 ? target.AsSpan() : target.AsSpan(0, mark);
        var first = path.IndexOf('%');
        if (first < 0)
        {
            return target;
        }

        var text = new StringBuilder(target.Length).Append(path[..first]);
        for (var at = first; at < path.Length; at++)
        {
            if (path[at] != '%' || at + 2 >= path.Length || !byte.TryParse(path.Slice(at + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                text.Append(path[at]);
                continue;
            }

            // Not the dot: two of them would become what they are not.
            if (char.IsAsciiLetterOrDigit((char)value) || value is (byte)'-' or (byte)'_' or (byte)'~')
            {
                text.Append((char)value);
            }
            else
            {
                text.Append('%').Append(Digits[value >> 4]).Append(Digits[value & 15]);
            }

            at += 2;
        }

        return text.Append(target, path.Length, target.Length - path.Length).ToString();
    }
}
