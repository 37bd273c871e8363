using System.Runtime.InteropServices;

namespace Skitai.Engine;

/// <summary>Which file a path means now, and in which state: changes when the file is replaced, written or given other permissions.</summary>
/// <param name="Device">The device's number.</param>
/// <param name="Inode">The inode.</param>
/// <param name="ModifiedAt">Last change of its bytes, nanoseconds since 1970.</param>
/// <param name="ChangedAt">Last change of bytes, name, owner or permissions (ctime, which nobody can set): the same unit.</param>
/// <param name="Size">Its size in bytes.</param>
public readonly partial record struct FileIdentity(ulong Device, ulong Inode, long ModifiedAt, long ChangedAt, long Size)
{
    private const int AtCurrentDirectory = -100;
    private const uint BasicStats = 0x7ff;

    /// <summary>Whether both are the same file, changed or not.</summary>
    public bool IsSameFile(FileIdentity other) => Inode == other.Inode && Device == other.Device;

    /// <summary>Asks the system, following links.</summary>
    /// <returns>Null when there is no such file or it cannot be asked.</returns>
    public static unsafe FileIdentity? Of(string path)
    {
        // struct statx has one layout on every architecture, other than struct stat.
        var buffer = stackalloc byte[256];
        if (Statx(AtCurrentDirectory, path, 0, BasicStats, buffer) != 0)
        {
            return null;
        }

        var device = ((ulong)*(uint*)(buffer + 136) << 32) | *(uint*)(buffer + 140);
        var modified = (*(long*)(buffer + 112) * 1_000_000_000) + *(uint*)(buffer + 120);
        var changed = (*(long*)(buffer + 96) * 1_000_000_000) + *(uint*)(buffer + 104);
        return new FileIdentity(device, *(ulong*)(buffer + 32), modified, changed, (long)*(ulong*)(buffer + 40));
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Statx(int directory, string path, int flags, uint mask, byte* buffer);
}
