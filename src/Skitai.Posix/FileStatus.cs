namespace Skitai.Posix;

/// <summary>
/// What <c>stat</c> says of a file. Two equal ones are the same file with the same content, as far as the file system
/// can tell: replaced, rewritten, touched or given other permissions, something here differs.
/// </summary>
/// <param name="Kind">What it is.</param>
/// <param name="Device">The file system it is on.</param>
/// <param name="Inode">Its number there.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">Last change of the content: nanoseconds since 1970, UTC.</param>
/// <param name="Changed">Last change of content, name or permissions (ctime, which nobody can set): the same unit.</param>
public readonly record struct FileStatus(FileKind Kind, ulong Device, ulong Inode, long Size, long Modified, long Changed)
{
    /// <summary>Whether both are the same file, changed or not.</summary>
    public bool IsSameFile(FileStatus other) => Inode == other.Inode && Device == other.Device;

    /// <summary><see cref="Modified"/> in whole seconds, as HTTP dates have it (RFC 9110 section 5.6.7).</summary>
    public DateTimeOffset ModifiedSecond => DateTimeOffset.FromUnixTimeSeconds(
        Math.Clamp(Modified / 1_000_000_000L, 0, 253402300799));
}
