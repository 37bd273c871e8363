using System.Reflection;
using Skitai.Posix;
using Skitaid.Supervision;

namespace Skitaid.Commands;

/// <summary><c>skitaid init</c>: installs the commented config tree that comes with the program. Never overwrites.</summary>
internal static class InitCommand
{
    private const string Prefix = "etc/"; // of the embedded files' names, see the project file

    /// <summary>Writes what is missing and says what to do next.</summary>
    public static int Run(CommandLine line)
    {
        var etc = Places.Etc(line);
        if (new[] { etc, line[OptionNames.LogPath], line[OptionNames.VarPath] }.Any(path => path?.AsSpan().ContainsAnyInRange('\0', '\x1f') == true))
        {
            throw new UsageException("a path with a line break or another control character cannot be written into a conf");
        }

        var (log, var) = (Places.Absolute(line[OptionNames.LogPath]), Places.Absolute(line[OptionNames.VarPath]));
        if (!Credentials.IsRoot && !etc.StartsWith("/etc/", StringComparison.Ordinal))
        {
            // The system's places are root's: a tree of one's own has all in one place.
            log ??= Path.Combine(etc, "log");
            var ??= Path.Combine(etc, "var");
        }

        var program = Assembly.GetExecutingAssembly();
        try
        {
            foreach (var name in program.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
            {
                using var reader = new StreamReader(program.GetManifestResourceStream(name)!);
                var path = Path.Combine(etc, name[Prefix.Length..]);
                var kept = Install(path, Adapted(name[Prefix.Length..], reader.ReadToEnd(), etc, log, var));
                if (kept && name == Prefix + "skitaid.conf" && (line.Has(OptionNames.LogPath) || line.Has(OptionNames.VarPath)))
                {
                    Console.Error.WriteLine($"skitaid init: {path} is kept as it is: --log-path and --var-path are not written into it");
                }
            }

            Directory.CreateDirectory(Path.Combine(etc, "servers-enabled"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"skitaid init: {failure.Message} ('skitaid init --etc DIR' takes a directory of yours)");
            return ExitCodes.Failed;
        }

        Console.WriteLine($"""

            Next:
              1. say what is served:   edit {Path.Combine(etc, "servers-available/example.conf")}
              2. enable it:            ln -s ../servers-available/example.conf {Path.Combine(etc, "servers-enabled")}/
              3. check it:             {DaemonPlaces.Command(etc, "test")}
              4. start:                {DaemonPlaces.Command(etc, "").TrimEnd()}
              5. start at boot:        see {Path.Combine(etc, "skitaid.service")} (systemd)
            """);
        return ExitCodes.Done;
    }

    /// <summary>A file of the tree, with what was chosen in place of what is built in.</summary>
    private static string Adapted(string name, string content, string etc, string? log, string? var)
    {
        return name switch
        {
            "skitaid.conf" => Set(Set(content, "log_path", log), "var_path", var),
            "skitaid.service" when etc != "/etc/skitaid" =>
                content.Replace("/skitaid -v\n", $"/skitaid -v --etc {UnitWord(etc)}\n", StringComparison.Ordinal),
            _ => content,
        };

        // The conf shows each key behind a ; with its default.
        static string Set(string content, string key, string? value) => value is null
            ? content
            : string.Join('\n', content.Split('\n').Select(line =>
                line.StartsWith($";{key} = ", StringComparison.Ordinal) ? $"{key} = {value.Replace("${", "$${", StringComparison.Ordinal)}" : line));
    }

    /// <summary>A path as a word of a command in a unit file (systemd.service, "Command lines").</summary>
    private static string UnitWord(string path) =>
        "\"" + path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("%", "%%", StringComparison.Ordinal).Replace("$", "$$", StringComparison.Ordinal) + "\"";

    /// <summary>Writes a file that is not there; true when it is.</summary>
    private static bool Install(string path, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (File.Exists(path))
        {
            Console.WriteLine($"kept       {path}");
            return true;
        }

        using (var file = new StreamWriter(new FileStream(path, FileMode.CreateNew, FileAccess.Write)))
        {
            file.Write(content);
        }

        Console.WriteLine($"installed  {path}");
        return false;
    }
}
