using Skitai.Configuration.Grammar;

namespace Skitai.Configuration;

/// <summary>What a conf refers to outside its files: environment variables, accounts, the search path for executables.</summary>
public sealed record Machine
{
    /// <summary>Gives an environment variable's value; null when it is not set.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>Says whether an account exists. By itself looks into <c>/etc/passwd</c>, which does not know directory services.</summary>
    public Func<string, bool> UserExists { get; init; } = name => NamedIn("/etc/passwd", name);

    /// <summary>Says whether a group exists. By itself looks into <c>/etc/group</c>.</summary>
    public Func<string, bool> GroupExists { get; init; } = name => NamedIn("/etc/group", name);

    /// <summary>Tells the time, for certificates.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Finds an executable by its name in PATH; null when there is none.</summary>
    public string? FindExecutable(string name) =>
        (Variable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(IsExecutable);

    /// <summary>Says whether a file is there and somebody may execute it.</summary>
    internal static bool IsExecutable(string path)
    {
        const UnixFileMode execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        try
        {
            return Files.IsThere(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & execute) != UnixFileMode.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool NamedIn(string database, string name)
    {
        try
        {
            return !name.Contains(':', StringComparison.Ordinal)
                && File.ReadLines(database).Any(line => line.StartsWith(name + ":", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
