using Skitai.Configuration.Grammar;
using Skitai.Configuration.Keys;

namespace Skitai.Configuration.Sections;

/// <summary><c>[environment]</c>: any name is a key.</summary>
internal static class EnvironmentSection
{
    public static readonly Section Declaration = new(
        "environment",
        "Environment variables for this instance's apps: `NAME = value`. A name has letters, digits and `_` and does not begin with a digit. Nothing after the `=` is an empty variable.",
        null);

    public static IReadOnlyDictionary<string, string> Build(ConfSection? section, ReadContext context)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in section?.Entries ?? [])
        {
            if (!IsName(entry.Key))
            {
                context.Errors.Add(entry.Line, $"[environment] {ErrorList.Quote(entry.Key)} is not a variable's name; it has letters, digits and '_', and no digit first");
            }
            else if (context.Substitute(entry.Line, $"[environment] {entry.Key}", entry.Value) is { } value)
            {
                variables[entry.Key] = value;
            }
        }

        return variables;
    }

    private static bool IsName(string text) =>
        !char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
