using System.Buffers;
using System.Text;

namespace Skitai.Engine.Proxy.Upstream.Http1;

/// <summary>Takes a field line apart (RFC 9112 section 5), without tolerance: what two parsers may read in two ways is refused.</summary>
internal static class FieldLine
{
    private static readonly SearchValues<byte> s_token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    // RFC 9110 section 5.5: CTL but HTAB make a value invalid.
    private static readonly SearchValues<byte> s_control = SearchValues.Create(
        0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 127);

    /// <summary>Name and value of a line.</summary>
    /// <param name="line">Without its line end.</param>
    /// <exception cref="MemberException">It is no field line.</exception>
    public static Header Parse(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0)
        {
            throw BadAnswer.Because(colon < 0 ? "a header line has no colon" : "a header line has no name");
        }

        var name = line[..colon];
        if (name.ContainsAnyExcept(s_token))
        {
            throw BadAnswer.Because(
                name[0] is (byte)' ' or (byte)'\t' ? "a header line is folded" :
                name[^1] is (byte)' ' or (byte)'\t' ? "a header's name has a blank before its colon" : "a header's name has an illegal character");
        }

        var value = line[(colon + 1)..].Trim(" \t"u8);
        if (HasControl(value))
        {
            throw BadAnswer.Because($"the value of {Encoding.ASCII.GetString(name)} has a control character");
        }

        return new Header(KnownFieldNames.Get(name), value.IsEmpty ? "" : Encoding.Latin1.GetString(value));
    }

    /// <summary>The same for text.</summary>
    public static bool HasControl(string text)
    {
        foreach (var character in text)
        {
            if ((character < ' ' && character != '\t') || character == 0x7F)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether there is a control character that neither a value nor a reason phrase may have.</summary>
    public static bool HasControl(ReadOnlySpan<byte> text) => text.ContainsAny(s_control);
}
