using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching.Rules;

/// <summary>
/// The values of the request fields that an answer varies by, as one text: equal for two requests whose values mean the same
/// (RFC 9111 section 4.1).
/// </summary>
internal static class VariantText
{
    private const char EndOfField = '\n', NoField = '\t';

    /// <summary>Makes the text of a client's request.</summary>
    /// <param name="names">The fields, lower case.</param>
    /// <param name="request">The request's fields.</param>
    public static string Make(string[] names, IHeaderDictionary request)
    {
        var text = new StringBuilder();
        foreach (var name in names)
        {
            Append(text, name, VaryNames.IsInKey(name) ? default : request[name]);
        }

        return text.ToString();
    }

    /// <summary>Makes the text of a request as it was sent to the origin: the same as that of the client's own.</summary>
    /// <param name="names">The fields, lower case.</param>
    /// <param name="request">The request's fields.</param>
    public static string Make(string[] names, HeaderList request)
    {
        var text = new StringBuilder();
        foreach (var name in names)
        {
            var values = StringValues.Empty;
            if (!VaryNames.IsInKey(name))
            {
                foreach (ref readonly var line in request.Lines)
                {
                    if (line.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                    {
                        values = StringValues.Concat(values, line.Value);
                    }
                }
            }

            Append(text, name, values);
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, string name, in StringValues values)
    {
        if (values.Count == 0)
        {
            text.Append(NoField);
        }
        else if (name is "accept-encoding" or "accept-language" or "accept-charset")
        {
            AppendWeighted(text, values, isEncoding: name == "accept-encoding", isOrdered: name == "accept-language");
        }
        else
        {
            AppendList(text, values);
        }

        text.Append(EndOfField);
    }

    /// <summary>Lines joined by commas, blanks around commas left out, but not within quotes.</summary>
    private static void AppendList(StringBuilder text, in StringValues lines)
    {
        for (var i = 0; i < lines.Count; i++)
        {
            if (i > 0)
            {
                text.Append(',');
            }

            var line = lines[i].AsSpan().Trim(" \t");
            var quoted = false;
            for (var at = 0; at < line.Length; at++)
            {
                var letter = line[at];
                if (letter == '"')
                {
                    quoted = !quoted;
                }
                else if (letter == '\\' && quoted && at + 1 < line.Length)
                {
                    text.Append(letter);
                    letter = line[++at];
                }
                else if (letter is ' ' or '\t' && !quoted && IsAtComma(line, at))
                {
                    continue;
                }

                text.Append(letter);
            }
        }
    }

    /// <summary>Whether there are only blanks between here and a comma on one side.</summary>
    private static bool IsAtComma(ReadOnlySpan<char> line, int at)
    {
        var behind = line[at..].TrimStart(" \t");
        var before = line[..at].TrimEnd(" \t");
        return (behind.Length > 0 && behind[0] == ',') || (before.Length > 0 && before[^1] == ',');
    }

    /// <summary>
    /// A list of weighted members: in lower case, by weight and then by the alphabet, for the order in the field has no
    /// meaning (RFC 9110 section 12.4.2). What a coding's weight of zero says is kept, too. Of languages with the same weight
    /// many apps take the first (section 12.5.4): those stay in their order.
    /// </summary>
    private static void AppendWeighted(StringBuilder text, in StringValues lines, bool isEncoding, bool isOrdered)
    {
        var members = new List<(string Name, int Weight, int Place)>();
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i].AsSpan();
            foreach (var range in line.Split(','))
            {
                var member = line[range].Trim(" \t");
                if (!member.IsEmpty)
                {
                    var (name, weight) = Weigh(member, isEncoding);
                    members.Add((name, weight, isOrdered ? members.Count : 0));
                }
            }
        }

        members.Sort(static (one, other) =>
            one.Weight != other.Weight ? other.Weight.CompareTo(one.Weight)
            : one.Place != other.Place ? one.Place.CompareTo(other.Place)
            : string.CompareOrdinal(one.Name, other.Name));
        var last = default((string Name, int Weight));
        foreach (var (name, weight, _) in members)
        {
            if ((name, weight) != last)
            {
                text.Append(name).Append(';').Append(weight.ToString(CultureInfo.InvariantCulture)).Append(',');
            }

            last = (name, weight);
        }
    }

    /// <summary>A member without its weight, and that in thousandths; a weight that cannot be read stays part of the name.</summary>
    private static (string Name, int Weight) Weigh(ReadOnlySpan<char> member, bool isEncoding)
    {
        var name = new StringBuilder(member.Length);
        var weight = 1000;
        var first = true;
        foreach (var range in member.Split(';'))
        {
            var part = member[range].Trim(" \t");
            if (!first && part.Length > 2 && part[0] is 'q' or 'Q' && part[1] == '='
                && part[2] is '0' or '1' && part.Length <= 7
                && decimal.TryParse(part[2..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var quality) && quality <= 1)
            {
                weight = (int)(quality * 1000);
                continue;
            }

            if (!first)
            {
                name.Append(';');
            }

            foreach (var letter in part)
            {
                name.Append(char.ToLowerInvariant(letter));
            }

            first = false;
        }

        var text = name.ToString();
        return (isEncoding && text is "x-gzip" or "x-compress" ? text[2..] : text, weight);
    }
}
