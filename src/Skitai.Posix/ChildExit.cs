namespace Skitai.Posix;

/// <summary>How a child ended.</summary>
/// <param name="Code">Its exit code; -1 when a signal ended it.</param>
/// <param name="Signal">The number of the signal that ended it; 0 when it exited by itself.</param>
public readonly record struct ChildExit(int Code, int Signal)
{
    /// <summary><c>exit 3</c> or <c>killed by signal 9</c>.</summary>
    public override string ToString() => Signal == 0 ? $"exit {Code}" : $"killed by signal {Signal}";
}
