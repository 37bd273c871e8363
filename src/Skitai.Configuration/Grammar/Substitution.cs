using System.Text;
using System.Text.RegularExpressions;

namespace Skitai.Configuration.Grammar;

/// <summary>
/// Environment variables in values: <c>${NAME}</c>, <c>${NAME:-default}</c>; <c>$${</c> stands for the two characters
/// <c>${</c>. Any other <c>$</c> is itself.
/// </summary>
internal static partial class Substitution
{
    /// <summary>Replaces the variables in <paramref name="written"/>.</summary>
    /// <param name="written">The value as it stands in the file.</param>
    /// <param name="variable">Gives a variable's value, null when it is not set.</param>
    /// <param name="problem">What is wrong, or null.</param>
    public static string Apply(string written, Func<string, string?> variable, out string? problem)
    {
        problem = null;
        if (!written.Contains("${", StringComparison.Ordinal))
        {
            return written;
        }

        var result = new StringBuilder();
        for (var at = 0; at < written.Length;)
        {
            var rest = written.AsSpan(at);
            if (rest.StartsWith("$${"))
            {
                result.Append("${");
                at += 3;
                continue;
            }

            if (!rest.StartsWith("${"))
            {
                result.Append(written[at++]);
                continue;
            }

            var end = rest.IndexOf('}');
            if (end < 0)
            {
                problem = "a ${ without its }; $${ stands for a plain ${";
                return "";
            }

            var inside = rest[2..end].ToString();
            var dash = inside.IndexOf(":-", StringComparison.Ordinal);
            var name = dash < 0 ? inside : inside[..dash];
            if (!VariableName().IsMatch(name))
            {
                problem = $"{ErrorList.Quote($"${{{inside}}}")} is not ${{NAME}} or ${{NAME:-default}}";
                return "";
            }

            // As in a shell: with a default, an empty variable counts as not set.
            var value = variable(name);
            if (dash >= 0 && string.IsNullOrEmpty(value))
            {
                value = inside[(dash + 2)..];
            }

            if (value is null)
            {
                problem = $"the environment variable {name} is not set; ${{{name}:-default}} would give it a default";
                return "";
            }

            result.Append(value);
            at += end + 1;
        }

        return result.ToString();
    }

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex VariableName();
}
