using System.Text;

namespace Skitaid.Commands;

/// <summary>What standard input and output are.</summary>
internal static class Terminal
{
    /// <summary>Whether a person's terminal is at either of them.</summary>
    public static bool IsAttached { get; } = !Console.IsInputRedirected || !Console.IsOutputRedirected;

    /// <summary>Whether colours may be written to it: a terminal, and nobody has set NO_COLOR.</summary>
    public static bool HasColours { get; } =
        !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    /// <summary>From here on writes to a terminal that has gone away are dropped: nothing is to break down for that.</summary>
    public static void OutliveIt()
    {
        Console.SetOut(Writer(Console.OpenStandardOutput()));
        Console.SetError(Writer(Console.OpenStandardError()));

        static TextWriter Writer(Stream output) =>
            TextWriter.Synchronized(new StreamWriter(new TerminalStream(output), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true });
    }
}
