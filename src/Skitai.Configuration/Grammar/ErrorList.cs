using System.Globalization;
using System.Text;

namespace Skitai.Configuration.Grammar;

/// <summary>Gathers what is wrong with one file, so that a person gets all of it at once.</summary>
/// <param name="file">The file as the user knows it.</param>
internal sealed class ErrorList(string file)
{
    private const int LongestShown = 120;

    private readonly List<ConfError> _errors = [];

    /// <summary>The file as the user knows it.</summary>
    public string File { get; } = file;

    public bool IsEmpty => _errors.Count == 0;

    /// <summary>Adds an error; control characters in the message are made visible, so it stays one line.</summary>
    public void Add(int line, string message) => _errors.Add(new ConfError(File, line, OneLine(message)));

    /// <summary>All errors in line order; those of the file as a whole first.</summary>
    public IReadOnlyList<ConfError> InLineOrder() => [.. _errors.OrderBy(error => error.Line).Distinct()];

    /// <summary>What a user wrote, in quotes and not longer than a message can bear.</summary>
    public static string Quote(string text) => text.Length <= LongestShown ? $"'{text}'" : $"'{text[..LongestShown]}...'";

    private static string OneLine(string text)
    {
        if (!text.Any(char.IsControl))
        {
            return text;
        }

        var visible = new StringBuilder();
        foreach (var c in text)
        {
            if (char.IsControl(c))
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
}
