namespace Skitaid.Commands;

/// <summary>What standard output is.</summary>
internal static class Terminal
{
    /// <summary>Whether colours may be written to it: a terminal, and nobody has set NO_COLOR.</summary>
    public static bool HasColours { get; } =
        !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
}
