using System.Globalization;

namespace Skitai.Engine.Routing;

/// <summary>What a client asked for as a host: lower case, without port, without a trailing dot.</summary>
/// <param name="Name">The name, or an address; IPv6 in brackets.</param>
/// <param name="Port">The port it named; 0 = none.</param>
public readonly record struct HostName(string Name, int Port)
{
    /// <summary>Takes a Host header's value apart (RFC 9110 section 7.2).</summary>
    /// <returns>False when it is not a host.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out HostName host)
    {
        host = default;
        var nameEnd = text.Length;
        if (text.Length > 0 && text[0] == '[')
        {
            nameEnd = text.IndexOf(']') + 1;
            if (nameEnd < 3 || !System.Net.IPAddress.TryParse(text[1..(nameEnd - 1)], out _))
            {
                return false;
            }
        }
        else if (text.IndexOf(':') is >= 0 and var colon)
        {
            nameEnd = colon;
        }

        var port = 0;
        if (nameEnd < text.Length)
        {
            // An empty port is the scheme's default one (RFC 3986 section 3.2.3).
            var digits = text[(nameEnd + 1)..];
            if (text[nameEnd] != ':'
                || (!digits.IsEmpty && (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out port) || port > 65535)))
            {
                return false;
            }
        }

        var name = text[..nameEnd];
        if (name.Length > 1 && name[^1] == '.')
        {
            name = name[..^1];
        }

        if (name.IsEmpty || name.Length > 255 || !IsName(name))
        {
            return false;
        }

        host = new HostName(ToLower(name), port);
        return true;
    }

    private static bool IsName(ReadOnlySpan<char> name)
    {
        if (name[0] == '[')
        {
            return true;
        }

        foreach (var letter in name)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('.' or '-' or '_' or '~' or '!' or '$' or '&' or '\'' or '(' or ')' or '*' or '+' or ',' or ';' or '=' or '%'))
            {
                return false;
            }
        }

        return true;
    }

    private static string ToLower(ReadOnlySpan<char> name) =>
        string.Create(name.Length, name, static (to, from) => from.ToLowerInvariant(to));
}
