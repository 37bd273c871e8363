using Skitai.Posix;

namespace Skitai.Engine.Static;

/// <summary>What was at a path when we looked.</summary>
/// <param name="Path">Absolute, ended by a NUL; null or empty: we did not look, and need not look again.</param>
/// <param name="Status">What was there; default = nothing that can be reached.</param>
internal readonly record struct SeenFile(byte[]? Path, FileStatus Status)
{
    /// <summary>Whether the same is there now.</summary>
    public bool IsCurrent()
    {
        if (Path is not { Length: > 0 })
        {
            return true;
        }

        _ = PosixFile.GetStatus(Path, out var now);
        return now == Status;
    }
}
