using Skitai.Configuration.Grammar;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Routes;

/// <summary>Finds the file of a Python app's module, where the import system will.</summary>
public static class ModuleFile
{
    /// <summary>A package's <c>__init__.py</c>, else an extension module, else the module's source; null when none is there.</summary>
    public static string? Find(AppTarget app)
    {
        var file = WithoutSuffix(app);
        var (package, source) = (Path.Combine(file, "__init__.py"), file + ".py");
        return Files.IsThere(package) ? package
            : FindCompiled(file) is { } compiled ? compiled
            : Files.IsThere(source) ? source
            : null;
    }

    /// <summary>Where it is, without <c>.py</c>.</summary>
    internal static string WithoutSuffix(AppTarget app) => Path.Combine(app.Directory, app.Module.Replace('.', '/'));

    /// <summary>An extension module: <c>module.so</c>, <c>module.cpython-311-x86_64-linux-gnu.so</c>.</summary>
    private static string? FindCompiled(string file)
    {
        var directory = Path.GetDirectoryName(file) ?? "/";
        var name = Files.NamesIn(directory, Directory.EnumerateFiles).Find(name =>
            name.EndsWith(".so", StringComparison.Ordinal) && name.StartsWith(Path.GetFileName(file) + ".", StringComparison.Ordinal));
        return name is null ? null : Path.Combine(directory, name);
    }
}
