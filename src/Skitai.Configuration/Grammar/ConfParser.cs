namespace Skitai.Configuration.Grammar;

/// <summary>
/// The grammar of a conf: <c>[name]</c> sections of <c>key = value</c>, <c>[name:line]</c> sections of plain lines,
/// <c>;</c> and <c>#</c> comments at the start of a line. What the names and values mean is not known here.
/// </summary>
internal static class ConfParser
{
    /// <summary>Reads a text. Never throws: what cannot be understood is an error in <paramref name="errors"/>.</summary>
    /// <param name="text">The whole file.</param>
    /// <param name="aliases">Other spellings of section names and what they stand for.</param>
    /// <param name="errors">Takes what is wrong.</param>
    public static IReadOnlyList<ConfSection> Parse(string text, IReadOnlyDictionary<string, string> aliases, ErrorList errors)
    {
        var sections = new List<ConfSection>();
        ConfSection? section = null;
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.Trim();
            if (line.Length == 0 || line[0] is ';' or '#')
            {
                continue;
            }

            if (line.Any(c => char.IsControl(c) && c != '\t'))
            {
                errors.Add(number, $"a control character in {ErrorList.Quote(line)}");
                section = line[0] == '[' ? Ignored(number) : section;
            }
            else if (line[0] == '[')
            {
                section = ReadHeader(number, line, sections, aliases, errors);
            }
            else if (section is null)
            {
                errors.Add(number, $"{ErrorList.Quote(line)} stands above the first section; begin with a section such as [server]");
            }
            else if (section.KeepsLines)
            {
                section.Lines.Add(new ConfLine(number, line));
            }
            else
            {
                ReadEntry(number, line, section, errors);
            }
        }

        return sections;
    }

    private static ConfSection ReadHeader(
        int number, string line, List<ConfSection> sections, IReadOnlyDictionary<string, string> aliases, ErrorList errors)
    {
        var close = line.IndexOf(']', StringComparison.Ordinal);
        if (close < 0)
        {
            errors.Add(number, $"{ErrorList.Quote(line)} has no closing ]");
            return Ignored(number);
        }

        if (close != line.Length - 1)
        {
            errors.Add(number, $"{ErrorList.Quote(line[(close + 1)..].Trim())} after {line[..(close + 1)]}; a comment needs a line of its own");
            return Ignored(number);
        }

        var name = line[1..close].Trim();
        var keepsLines = false;
        var colon = name.LastIndexOf(':');
        if (colon >= 0)
        {
            if (!name.AsSpan(colon + 1).Trim().Equals("line", StringComparison.Ordinal))
            {
                errors.Add(number, $"{ErrorList.Quote(line)} is not a section; there are [name] and [name:line]");
                return Ignored(number);
            }

            keepsLines = true;
            name = name[..colon].TrimEnd();
        }

        if (name.Length == 0)
        {
            errors.Add(number, $"{ErrorList.Quote(line)} has no name");
            return Ignored(number);
        }

        name = aliases.GetValueOrDefault(name, name);
        // One of the wrong form is no second one: whoever knows the forms will refuse it.
        if (sections.Find(other => other.Name == name && other.KeepsLines == keepsLines) is not { } first)
        {
            var section = new ConfSection(name, number, keepsLines);
            sections.Add(section);
            return section;
        }

        errors.Add(number, $"[{name}] is there twice; it began in line {first.Line}");

        // Its lines are checked as well, as a part of the first.
        return first;
    }

    /// <summary>Takes what follows a broken header; nobody looks at it, so that one mistake is one error.</summary>
    private static ConfSection Ignored(int number) => new("", number, KeepsLines: true);

    private static void ReadEntry(int number, string line, ConfSection section, ErrorList errors)
    {
        var equals = line.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            errors.Add(number, $"[{section.Name}] {ErrorList.Quote(line)} is not 'key = value'");
            return;
        }

        var key = line[..equals].TrimEnd();
        if (key.Length == 0)
        {
            errors.Add(number, $"[{section.Name}] {ErrorList.Quote(line)} has no key before the =");
        }
        else if (section.Entries.Find(other => other.Key == key) is { } first)
        {
            errors.Add(number, $"[{section.Name}] {key}: is there twice; line {first.Line} set it already");
        }
        else
        {
            section.Entries.Add(new ConfEntry(number, key, line[(equals + 1)..].TrimStart()));
        }
    }
}
