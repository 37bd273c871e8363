using Skitai.Configuration.Grammar;
using Skitai.Configuration.Keys;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Routes;

/// <summary>Reads what a mount points at.</summary>
internal static class Target
{
    /// <summary>What a target can be, for messages.</summary>
    public const string Forms = "a target is a directory, dir/module:callable or @cluster";

    /// <summary>Reads a target and looks whether it is there; null when it cannot be mounted.</summary>
    /// <param name="text">After substitution, without blanks around it.</param>
    /// <param name="clusters">The names of the conf's clusters.</param>
    /// <param name="context">Gives the directory that relative paths count from.</param>
    /// <param name="problems">What is wrong with it.</param>
    public static MountTarget? Read(string text, IReadOnlyCollection<string> clusters, ReadContext context, out IReadOnlyList<string> problems)
    {
        problems = [];
        if (text.Length == 0)
        {
            problems = [$"nothing after the =; {Forms}"];
            return null;
        }

        if (text[0] == '@')
        {
            if (clusters.Contains(text))
            {
                return new ClusterTarget(text);
            }

            problems = [$"there is no section [{text}]{Nearest.Hint(text, clusters)}"];
            return null;
        }

        if (text[0] == '~')
        {
            problems = [$"{ErrorList.Quote(text)}: a ~ is not expanded here; ${{HOME}} is"];
            return null;
        }

        var path = context.Absolute(text);
        if (Directory.Exists(path))
        {
            path = Path.TrimEndingDirectorySeparator(path);
            if (text[^1] != '/' && Files.IsThere(path + ".py"))
            {
                problems = [$"'{path}' is a directory, and '{path}.py' a Python module; {text}/ serves the files, {text}:app mounts the app"];
                return null;
            }

            if (!Files.IsThere(Path.Combine(path, "__init__.py")))
            {
                return new StaticTarget(path);
            }

            problems = [$"'{path}' is a Python package; {text.TrimEnd('/')}:app mounts the app in it, and its source is not served as files"];
            return null;
        }

        var target = PythonApp.Read(path, out var problem);
        problems = target is null ? [problem] : [];
        return target;
    }
}
