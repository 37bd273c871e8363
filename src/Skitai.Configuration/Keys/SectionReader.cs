using Skitai.Configuration.Grammar;

namespace Skitai.Configuration.Keys;

/// <summary>Reads the keys of one section of one conf.</summary>
internal sealed class SectionReader
{
    private readonly ConfSection? _section;
    private readonly ReadContext _context;
    private readonly string _name;

    /// <summary>Begins with the keys that do not belong here: each is an error.</summary>
    /// <param name="section">As written; null = not there: everything has its default.</param>
    /// <param name="declaration">What it may hold.</param>
    /// <param name="neighbours">The other sections of this kind of file, to say where a misplaced key belongs.</param>
    /// <param name="context">Takes the errors.</param>
    public SectionReader(ConfSection? section, Section declaration, IReadOnlyList<Section> neighbours, ReadContext context)
    {
        _section = section;
        _context = context;
        _name = section?.Name ?? declaration.Name;
        var keys = declaration.Keys ?? [];
        foreach (var entry in section?.Entries ?? [])
        {
            if (!keys.Any(key => key.Name == entry.Key))
            {
                context.Errors.Add(entry.Line, $"[{_name}] {ErrorList.Quote(entry.Key)} is not a key of this section{Advice(entry.Key, keys, neighbours)}");
            }
        }
    }

    /// <summary>The value of a key, or its default.</summary>
    public T Get<T>(Key<T> key) => key.Read(Entry(key), _name, _context);

    /// <summary>Reads every key and keeps nothing: for a section whose feature comes later.</summary>
    public void CheckAll(Section declaration)
    {
        foreach (var key in declaration.Keys ?? [])
        {
            key.Check(Entry(key), _name, _context);
        }
    }

    /// <summary>The line of a key, or of the section when the key is not there; 0 when neither is.</summary>
    public int LineOf(Key key) => Entry(key)?.Line ?? _section?.Line ?? 0;

    /// <summary>Adds an error about a key.</summary>
    public void Refuse(Key key, string problem) => _context.Errors.Add(LineOf(key), $"{Place(key)}: {problem}");

    /// <summary>How a message names a key: <c>[section] key</c>.</summary>
    public string Place(Key key) => $"[{_name}] {key.Name}";

    /// <summary>Whether a key is there and has a value.</summary>
    public bool Has(Key key) => Entry(key) is { Value.Length: > 0 };

    /// <summary>Whether a value stands like that in the file: only then a message that quotes a part of it shows nothing that a variable holds.</summary>
    public bool IsAsWritten(Key key, string value) => Entry(key)?.Value == value;

    private ConfEntry? Entry(Key key) => _section?.Entries.Find(entry => entry.Key == key.Name);

    private static string Advice(string name, IReadOnlyList<Key> keys, IReadOnlyList<Section> neighbours)
    {
        if (neighbours.FirstOrDefault(section => section.Keys?.Any(key => key.Name == name) == true) is { } home)
        {
            return $"; it belongs to {home.Header}";
        }

        var names = keys.Select(key => key.Name).ToList();
        return Nearest.Of(name, names) is { } nearest
            ? $"; did you mean '{nearest}'?"
            : $"; there are {string.Join(", ", names)}";
    }
}
