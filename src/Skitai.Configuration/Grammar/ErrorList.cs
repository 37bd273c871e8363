using System.Globalization;
using System.Text;

namespace Skitai.Configuration.Grammar;

/// <summary>Gathers what is wrong with one file, so that a person gets all of it at once.</summary>
/// <param name="file">The file as the user knows it.</param>
internal sealed class ErrorList(string file)
{
    private const int LongestShown = 120;

    private readonly List<ConfError> _errors = [];
    private readonly List<ConfError> _warnings = [];

    /// <summary>The file as the user knows it.</summary>
    public string File { get; } = OneLine(file);

    public bool IsEmpty => _errors.Count == 0;

    /// <summary>Adds an error; control characters in the message are made visible, so it stays one line.</summary>
    public void Add(int line, string message) => _errors.Add(new ConfError(File, line, OneLine(message)));

    /// <summary>Adds what a person should know although the conf works.</summary>
    public void Warn(int line, string message) => _warnings.Add(new ConfError(File, line, OneLine(message)));

    /// <summary>The result of reading: the settings if nothing is wrong; everything in line order, first what is the whole file's.</summary>
    public ConfResult<T> Result<T>(T settings)
        where T : class => new(IsEmpty ? settings : null, InLineOrder(_errors)) { Warnings = InLineOrder(_warnings) };

    private static IReadOnlyList<ConfError> InLineOrder(List<ConfError> errors) => [.. errors.OrderBy(error => error.Line).Distinct()];

    /// <summary>What a user wrote, in quotes and not longer than a message can bear.</summary>
    public static string Quote(string text) => text.Length <= LongestShown ? $"'{text}'" : $"'{text[..LongestShown]}...'";

    private static string OneLine(string text)
    {
        if (!text.Any(IsInvisible))
        {
            return text;
        }

        var visible = new StringBuilder();
        foreach (var c in text)
        {
            if (IsInvisible(c))
            {
                visible.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
            }
            else
            {
                visible.Append(c);
            }
        }

        return visible.ToString();
    }

    private static bool IsInvisible(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
