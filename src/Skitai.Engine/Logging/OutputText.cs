using System.Globalization;
using System.Text;

namespace Skitai.Engine.Logging;

/// <summary>Makes what an app printed or sent fit for a log: one line stays one line, nothing moves a terminal's cursor.</summary>
internal static class OutputText
{
    /// <summary>Replaces control characters (a tab stays) by <c>\x1b</c> forms.</summary>
    public static string Escape(string text)
    {
        var clean = true;
        foreach (var c in text)
        {
            clean &= !IsUnsafe(c);
        }

        if (clean)
        {
            return text;
        }

        var escaped = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            if (IsUnsafe(c))
            {
                escaped.Append(c < 0x100 ? "\\x" : "\\u").Append(((int)c).ToString(c < 0x100 ? "x2" : "x4", CultureInfo.InvariantCulture));
            }
            else
            {
                escaped.Append(c);
            }
        }

        return escaped.ToString();
    }

    /// <summary>Escapes a text of several lines; those after the first are indented, so that none can pass for a log line.</summary>
    public static string Indent(string text)
    {
        var lines = text.TrimEnd('\n').Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            lines[i] = Escape(lines[i].TrimEnd('\r'));
        }

        return string.Join("\n    ", lines);
    }

    // The last two separate lines for programs that go by Unicode.
    private static bool IsUnsafe(char c) => (char.IsControl(c) && c != '\t') || c is '\u2028' or '\u2029';
}
