using System.Buffers;
using System.Text;

namespace Skitai.Engine.Logging;

/// <summary>
/// Text from outside as it may stand in a log: printable ASCII as it is, everything else as <c>\xNN</c> for each of its
/// bytes, so that it can neither end a line nor pass for another field.
/// </summary>
internal static class LogText
{
    private const string Printable = "!#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~";
    private static readonly SearchValues<char> Bare = SearchValues.Create(Printable), Quoted = SearchValues.Create(Printable + " ");

    /// <summary>Writes a field without blanks; <c>-</c> when it is empty.</summary>
    /// <param name="to">Where to; has room for four times <paramref name="limit"/>, and three.</param>
    /// <param name="text">Each char is a byte; one above 255 stands for its UTF-8 bytes.</param>
    /// <param name="limit">Chars written at most; <c>...</c> follows when there were more.</param>
    /// <returns>Bytes written.</returns>
    public static int Field(Span<byte> to, ReadOnlySpan<char> text, int limit) => Write(to, text, limit, Bare);

    /// <summary>The same, but blanks stay: for use between quotes.</summary>
    public static int QuotedField(Span<byte> to, ReadOnlySpan<char> text, int limit) => Write(to, text, limit, Quoted);

    private static int Write(Span<byte> to, ReadOnlySpan<char> text, int limit, SearchValues<char> plain)
    {
        if (text.IsEmpty)
        {
            to[0] = (byte)'-';
            return 1;
        }

        var cut = text.Length > limit;
        if (cut)
        {
            text = text[..limit];
        }

        var bad = text.IndexOfAnyExcept(plain);
        int length;
        if (bad < 0)
        {
            length = Encoding.Latin1.GetBytes(text, to);
        }
        else
        {
            length = Encoding.Latin1.GetBytes(text[..bad], to);
            length += Escape(to[length..], text[bad..], (limit - bad) * 4, plain);
        }

        if (cut)
        {
            "..."u8.CopyTo(to[length..]);
            length += 3;
        }

        return length;
    }

    private static int Escape(Span<byte> to, ReadOnlySpan<char> text, int room, SearchValues<char> plain)
    {
        // Text of chars above 255 may not fit: the rest is left out.
        var length = 0;
        Span<byte> utf8 = stackalloc byte[4];
        for (var at = 0; at < text.Length && length + 4 <= room; at++)
        {
            var letter = text[at];
            if (plain.Contains(letter))
            {
                to[length++] = (byte)letter;
            }
            else if (letter < 256)
            {
                length += EscapeByte(to[length..], (byte)letter);
            }
            else
            {
                var rune = char.IsHighSurrogate(letter) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1])
                    ? new Rune(letter, text[++at])
                    : char.IsSurrogate(letter) ? Rune.ReplacementChar : new Rune(letter);
                var count = rune.EncodeToUtf8(utf8);
                if (length + (4 * count) > room)
                {
                    break;
                }

                foreach (var value in utf8[..count])
                {
                    length += EscapeByte(to[length..], value);
                }
            }
        }

        return length;
    }

    private static int EscapeByte(Span<byte> to, byte value)
    {
        to[0] = (byte)'\\';
        to[1] = (byte)'x';
        to[2] = (byte)"0123456789abcdef"[value >> 4];
        to[3] = (byte)"0123456789abcdef"[value & 15];
        return 4;
    }
}
