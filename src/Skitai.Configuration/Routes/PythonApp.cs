using Skitai.Configuration.Grammar;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Routes;

/// <summary>Finds the Python app that <c>dir/module:callable</c> names.</summary>
internal static class PythonApp
{
    private const string DefaultCallable = "app";

    /// <summary>Reads the target and looks whether its module is there; null with a problem when it is not.</summary>
    /// <param name="path">Absolute, perhaps with <c>:callable</c>; not an existing directory.</param>
    /// <param name="problem">What was looked for.</param>
    public static AppTarget? Read(string path, out string problem)
    {
        problem = "";
        var directory = Path.GetDirectoryName(path) ?? "/";
        var last = Path.GetFileName(path);
        var colon = last.IndexOf(':', StringComparison.Ordinal);
        var callable = colon < 0 ? DefaultCallable : last[(colon + 1)..].Trim();
        var module = (colon < 0 ? last : last[..colon]).TrimEnd();
        if (callable.Length == 0)
        {
            problem = $"nothing after the :; {Target.Forms}";
            return null;
        }

        if (!IsCallable(callable))
        {
            problem = int.TryParse(callable, out _)
                ? $"another server is mounted by a cluster: @name, and a section [@name] with members = {ErrorList.Quote(last).Trim('\'')}"
                : $"{ErrorList.Quote(callable)} is not the name of an app in a module (app), nor of a factory (create_app())";
            return null;
        }

        if (!Directory.Exists(directory))
        {
            problem = colon < 0
                ? $"'{path}' is neither a directory nor a Python module: there is no directory '{directory}'"
                : $"there is no directory '{directory}'";
            return null;
        }

        if (module.EndsWith(".py", StringComparison.Ordinal))
        {
            module = module[..^3];
        }

        else if (Files.IsThere(path))
        {
            problem = $"'{path}' is a file; {Target.Forms}";
            return null;
        }

        if (!Array.TrueForAll(module.Split('.'), IsModuleName))
        {
            problem = $"{ErrorList.Quote(module)} is not the name of a Python module";
            return null;
        }

        var target = new AppTarget(directory, module, callable);
        if (ModuleFile.Find(target) is not null)
        {
            return target;
        }

        var file = ModuleFile.WithoutSuffix(target);
        var looked = $"looked for '{file}.py' and '{file}/__init__.py'";
        problem = (colon < 0 ? $"'{path}' is neither a directory nor a Python module; {looked}" : $"there is no such Python module; {looked}")
            + Nearest.Hint(module, Neighbours(directory, withDirectories: colon < 0).Concat(ModulesBeside(directory, module)));
        return null;
    }

    /// <summary>For <c>package.module</c>: what else is in that package.</summary>
    private static IEnumerable<string> ModulesBeside(string directory, string module)
    {
        var dot = module.LastIndexOf('.');
        var package = dot < 0 ? "" : module[..dot];
        return dot < 0 ? [] : Neighbours(Path.Combine(directory, package.Replace('.', '/')), withDirectories: false).Select(name => $"{package}.{name}");
    }

    private static IEnumerable<string> Neighbours(string directory, bool withDirectories)
    {
        var modules = Files.NamesIn(directory, Directory.EnumerateFiles)
            .Where(name => name.EndsWith(".py", StringComparison.Ordinal)).Select(name => name[..^3]);
        var packages = Files.NamesIn(directory, Directory.EnumerateDirectories)
            .Where(name => withDirectories || Files.IsThere(Path.Combine(directory, name, "__init__.py")));
        return modules.Concat(packages);
    }

    private static bool IsCallable(string text)
    {
        var name = text.EndsWith("()", StringComparison.Ordinal) ? text[..^2] : text;
        return name.Length > 0 && !char.IsDigit(name[0]) && name.All(c => char.IsLetterOrDigit(c) || c == '_');
    }

    // importlib takes a hyphen although an import statement would not.
    private static bool IsModuleName(string text) =>
        text.Length > 0 && text.All(c => char.IsLetterOrDigit(c) || c is '_' or '-');
}
