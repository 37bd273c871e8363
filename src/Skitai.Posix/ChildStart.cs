using System.Runtime.InteropServices;

namespace Skitai.Posix;

/// <summary>How a child process is to be started.</summary>
public sealed record ChildStart
{
    /// <summary>The program: a path, or a name looked up in PATH.</summary>
    public required string File { get; init; }

    /// <summary>Its arguments, <c>argv[0]</c> included: what <c>ps</c> shows.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The child's whole environment; null = this process's.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>Where it starts; null = this process's directory.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>
    /// Whether it leads a session of its own: no terminal, no signal from one, and it may outlive us. Otherwise it stays
    /// in our session with a process group of its own.
    /// </summary>
    public bool NewSession { get; init; }

    /// <summary>
    /// Whether its end, by whatever cause, is the end (SIGKILL) of everything that is left in its process group: of what
    /// it started itself. What shall outlive it needs a session of its own.
    /// </summary>
    public bool EndsGroup { get; init; }

    /// <summary>
    /// The descriptors it gets beyond (or instead of) 0, 1 and 2, each with the number it has there. Nothing else of
    /// ours reaches it: everything .NET opens is close-on-exec.
    /// </summary>
    public IReadOnlyList<(SafeHandle Handle, int Number)> Descriptors { get; init; } = [];
}
