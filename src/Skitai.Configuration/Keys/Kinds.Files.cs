using Skitai.Configuration.Certificates;
using Skitai.Configuration.Grammar;

namespace Skitai.Configuration.Keys;

/// <summary>What is somewhere on the machine.</summary>
internal static partial class Kinds
{
    /// <summary>A path that need not be there; relative ones count from the conf's directory.</summary>
    public static ValueKind<string?> FilePath { get; } = new("path", (text, context) => Reading<string?>.Of(context.Absolute(text.Text)), value => value ?? "");

    /// <summary>A PEM file with certificates of authorities; it is there and has some.</summary>
    public static ValueKind<string?> AuthorityFile { get; } = new("path", ReadAuthorityFile, value => value ?? "");

    /// <summary>A program: a path, or a name found in PATH.</summary>
    public static ValueKind<string?> Executable { get; } = new("executable", ReadExecutable, value => value ?? "");

    /// <summary>An account of this machine.</summary>
    public static ValueKind<string?> User { get; } = new(
        "user",
        (text, context) => context.Machine.UserExists(text.Text)
            ? Reading<string?>.Of(text.Text)
            : Reading<string?>.Wrong($"there is no user {text.Shown} on this machine"),
        value => value ?? "");

    /// <summary>A group of this machine.</summary>
    public static ValueKind<string?> Group { get; } = new(
        "group",
        (text, context) => context.Machine.GroupExists(text.Text)
            ? Reading<string?>.Of(text.Text)
            : Reading<string?>.Wrong($"there is no group {text.Shown} on this machine"),
        value => value ?? "");

    private static Reading<string?> ReadAuthorityFile(ConfText text, ReadContext context)
    {
        var path = context.Absolute(text.Text);
        try
        {
            foreach (var certificate in Authorities.Load(path))
            {
                certificate.Dispose();
            }

            return Reading<string?>.Of(path);
        }
        catch (CertificateFileException e)
        {
            return Reading<string?>.Wrong(e.Message);
        }
    }

    private static Reading<string?> ReadExecutable(ConfText text, ReadContext context)
    {
        if (!text.Text.Contains('/', StringComparison.Ordinal))
        {
            return context.Machine.FindExecutable(text.Text) is null
                ? Reading<string?>.Wrong($"{text.Shown} is not in PATH; give its path, such as /usr/bin/python3 or a venv's bin/python")
                : Reading<string?>.Of(text.Text);
        }

        var path = context.Absolute(text.Text);
        return Machine.IsExecutable(path) ? Reading<string?>.Of(path)
            : Files.IsThere(path) ? Reading<string?>.Wrong($"'{path}' is not executable")
            : Directory.Exists(path) ? Reading<string?>.Wrong($"'{path}' is a directory; name the interpreter in it")
            : Reading<string?>.Wrong($"there is no file '{path}'");
    }
}
