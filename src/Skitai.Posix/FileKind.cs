namespace Skitai.Posix;

/// <summary>What a path leads to.</summary>
public enum FileKind
{
    /// <summary>A device, a FIFO, a socket.</summary>
    Other,

    /// <summary>A regular file.</summary>
    Regular,

    /// <summary>A directory.</summary>
    Directory,
}
