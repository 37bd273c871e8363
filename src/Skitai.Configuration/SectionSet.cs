using Skitai.Configuration.Grammar;
using Skitai.Configuration.Keys;

namespace Skitai.Configuration;

/// <summary>The sections of one conf, all of them known ones.</summary>
internal sealed class SectionSet
{
    private readonly List<ConfSection> _sections = [];

    /// <summary>The clusters: sections whose name begins with <c>@</c>.</summary>
    public IEnumerable<ConfSection> Clusters => _sections.Where(section => section.Name[0] == '@');

    /// <summary>Parses a file; a section that is unknown or of the wrong form is an error.</summary>
    /// <param name="file">The file.</param>
    /// <param name="known">What it may hold.</param>
    /// <param name="elsewhere">The sections of the other kind of file.</param>
    /// <param name="elsewhereName">How a person calls that.</param>
    public static SectionSet Read(ConfFile file, IReadOnlyList<Section> known, IReadOnlyList<Section> elsewhere, string elsewhereName)
    {
        var set = new SectionSet();
        var aliases = known.Where(section => section.Alias is not null).ToDictionary(section => section.Alias!, section => section.Name, StringComparer.Ordinal);
        foreach (var section in ConfParser.Parse(file.Text, aliases, file.Errors))
        {
            if (Declaration(section, known) is not { } declaration)
            {
                var header = $"[{section.Name}]";
                file.Errors.Add(section.Line, Declaration(section, elsewhere) is { } home
                    ? $"{home.Header} belongs into {elsewhereName}"
                    : $"{header} is not a section of this file{Advice(section.Name, known)}");
            }
            else if (declaration.KeepsLines != section.KeepsLines)
            {
                file.Errors.Add(section.Line, declaration.KeepsLines
                    ? $"[{section.Name}] keeps its lines as they are: write {declaration.Header}"
                    : $"[{section.Name}:line] holds 'key = value': write [{section.Name}]");
            }
            else
            {
                set._sections.Add(section);
            }
        }

        return set;
    }

    /// <summary>The section as it was written, or null.</summary>
    public ConfSection? Find(Section declaration) => _sections.Find(section => section.Name == declaration.Name);

    private static Section? Declaration(ConfSection section, IReadOnlyList<Section> known) =>
        known.FirstOrDefault(candidate => candidate.Name == section.Name || (candidate.Name == "@name" && section.Name[0] == '@'));

    private static string Advice(string name, IReadOnlyList<Section> known) =>
        Nearest.Of(name, known.Select(section => section.Name)) is { } nearest
            ? $"; did you mean {known.First(section => section.Name == nearest).Header}?"
            : $"; there are {string.Join(", ", known.Select(section => section.Header))}";
}
