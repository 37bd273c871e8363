using Skitai.Configuration.Grammar;

namespace Skitai.Configuration.Keys;

/// <summary>What reading a conf needs besides its text.</summary>
/// <param name="Directory">The conf's directory, from which relative paths count.</param>
/// <param name="Machine">Environment and accounts.</param>
/// <param name="Errors">Takes what is wrong.</param>
internal sealed record ReadContext(string Directory, Machine Machine, ErrorList Errors)
{
    /// <summary>The absolute form of a path in the conf.</summary>
    public string Absolute(string path) => Path.GetFullPath(path, Directory);

    /// <summary>Replaces variables; a problem is added to the errors and gives null.</summary>
    /// <param name="line">The line, for the error.</param>
    /// <param name="place">Section and key, for the error.</param>
    /// <param name="written">The value as written.</param>
    public string? Substitute(int line, string place, string written)
    {
        var text = Substitution.Apply(written, Machine.Variable, out var problem);
        if (problem is null && text.Any(c => char.IsControl(c) && c != '\t'))
        {
            problem = "the environment variable's value holds a line break or another control character";
        }

        if (problem is null)
        {
            return text;
        }

        Errors.Add(line, $"{place}: {problem}");
        return null;
    }
}
