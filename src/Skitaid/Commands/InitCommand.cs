using System.Reflection;

namespace Skitaid.Commands;

/// <summary><c>skitaid init</c>: installs the commented config tree that comes with the program. Never overwrites.</summary>
internal static class InitCommand
{
    private const string Prefix = "etc/"; // of the embedded files' names, see the project file

    /// <summary>Writes what is missing and says what to do next.</summary>
    public static int Run(CommandLine line)
    {
        var etc = Places.Etc(line);
        var program = Assembly.GetExecutingAssembly();
        try
        {
            foreach (var name in program.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
            {
                Install(program, name, Path.Combine(etc, name[Prefix.Length..]));
            }

            Directory.CreateDirectory(Path.Combine(etc, "servers-enabled"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"skitaid init: {failure.Message} ('skitaid init --etc DIR' takes a directory of yours)");
            return ExitCodes.Failed;
        }

        var option = etc == "/etc/skitaid" ? "" : $" --etc {etc}";
        Console.WriteLine($"""

            Next:
              1. say what is served:   edit {Path.Combine(etc, "servers-available/example.conf")}
              2. enable it:            ln -s ../servers-available/example.conf {Path.Combine(etc, "servers-enabled")}/
              3. check it:             skitaid{option} test
              4. start:                skitaid{option}
              5. start at boot:        see {Path.Combine(etc, "skitaid.service")} (systemd)
            """);
        return ExitCodes.Done;
    }

    private static void Install(Assembly program, string resource, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (File.Exists(path))
        {
            Console.WriteLine($"kept       {path}");
            return;
        }

        using (var content = program.GetManifestResourceStream(resource)!)
        using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write))
        {
            content.CopyTo(file);
        }

        Console.WriteLine($"installed  {path}");
    }
}
