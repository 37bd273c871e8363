using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Skitai.Posix;

/// <summary>
/// Looks at files and opens them by the bytes of their names (a Linux file name is bytes, not text), with errors as
/// numbers: on a server's path a file that is not there is an everyday answer, not an exception.
/// </summary>
/// <remarks>Paths given here as bytes end with a NUL byte and have none before.</remarks>
public static class PosixFile
{
    private const uint Wanted = Libc.STATX_TYPE | Libc.STATX_MODE | Libc.STATX_MTIME | Libc.STATX_CTIME | Libc.STATX_INO | Libc.STATX_SIZE;
    private const int ReadFlags = Libc.O_NONBLOCK | Libc.O_NOCTTY | Libc.O_CLOEXEC;

    private static bool s_noOpenat2;

    /// <summary>What is at the end of a path, links followed. About a microsecond.</summary>
    /// <returns>0, or an <see cref="Errno"/>.</returns>
    public static unsafe int GetStatus(ReadOnlySpan<byte> path, out FileStatus status)
    {
        fixed (byte* native = path)
        {
            return GetStatus(Libc.AT_FDCWD, native, 0, out status);
        }
    }

    /// <summary>What is at the end of a path, links followed; for paths of which .NET knows the text.</summary>
    /// <returns>Null when there is nothing or it may not be looked at.</returns>
    public static FileStatus? GetStatus(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return GetStatus([.. Encoding.UTF8.GetBytes(path), 0], out var status) == Errno.None ? status : null;
    }

    /// <summary>What an open descriptor leads to.</summary>
    /// <returns>0, or an <see cref="Errno"/>.</returns>
    public static unsafe int GetStatus(SafeFileHandle handle, out FileStatus status)
    {
        ArgumentNullException.ThrowIfNull(handle);
        byte empty = 0;
        return GetStatus((int)handle.DangerousGetHandle(), &empty, Libc.AT_EMPTY_PATH, out status);
    }

    /// <summary>Whose a file is; a symbolic link at the end of the path is not followed.</summary>
    /// <returns>Null when there is nothing or it may not be looked at.</returns>
    public static unsafe FileOwner? GetOwner(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        Libc.Statx found;
        fixed (byte* native = (byte[])[.. Encoding.UTF8.GetBytes(path), 0])
        {
            if (Libc.statx(Libc.AT_FDCWD, native, Libc.AT_SYMLINK_NOFOLLOW, Libc.STATX_BASIC_STATS, &found) != 0)
            {
                return null;
            }
        }

        return new FileOwner(KindOf(found.Mode), found.User, found.Links);
    }

    /// <summary>
    /// Opens a file for reading if it is truly below a directory, after all links: the check is on what was opened, so
    /// that nobody can swap a link between check and use. A link that leads out gives <see cref="Errno.CrossDevice"/>; one that
    /// stays inside is followed, absolute ones too. Never blocks on a FIFO.
    /// </summary>
    /// <param name="root">The directory; may itself be reached through links.</param>
    /// <param name="relative">The way down from it, without a leading slash.</param>
    /// <param name="handle">The open file, of whatever <see cref="FileKind"/>.</param>
    /// <returns>0, or an <see cref="Errno"/>.</returns>
    public static unsafe int OpenBeneath(ReadOnlySpan<byte> root, ReadOnlySpan<byte> relative, out SafeFileHandle? handle)
    {
        handle = null;
        int directory;
        fixed (byte* native = root)
        {
            directory = Open(Libc.AT_FDCWD, native, Libc.O_PATH | Libc.O_CLOEXEC);
        }

        if (directory < 0)
        {
            return -directory;
        }

        try
        {
            fixed (byte* native = relative)
            {
                var opened = Volatile.Read(ref s_noOpenat2) ? -Errno.NoSystemCall : OpenByKernel(directory, native);
                if (opened == -Errno.NoSystemCall)
                {
                    // A kernel before 5.6. (A container's seccomp filter from before its time says NotPermitted.)
                    Volatile.Write(ref s_noOpenat2, true);
                }

                if (opened is -Errno.NoSystemCall or -Errno.NotPermitted or -Errno.CrossDevice or -Errno.TryAgain)
                {
                    // CrossDevice is also what the kernel says to an absolute link that stays inside.
                    opened = OpenByName(directory, native);
                }

                if (opened < 0)
                {
                    return -opened;
                }

                handle = new SafeFileHandle(opened, ownsHandle: true);
                return Errno.None;
            }
        }
        finally
        {
            _ = Libc.close(directory);
        }
    }

    private static unsafe int GetStatus(int directory, byte* path, int flags, out FileStatus status)
    {
        Libc.Statx found;
        if (Libc.statx(directory, path, flags, Wanted, &found) != 0)
        {
            status = default;
            return Marshal.GetLastPInvokeError();
        }

        status = new FileStatus(
            KindOf(found.Mode),
            ((ulong)found.DeviceMajor << 32) | found.DeviceMinor,
            found.Inode,
            (long)found.Size,
            Nanoseconds(found.ModifiedSeconds, found.ModifiedNanoseconds),
            Nanoseconds(found.ChangedSeconds, found.ChangedNanoseconds));
        return Errno.None;
    }

    private static FileKind KindOf(ushort mode) => (mode & 0xF000) switch
    {
        0x8000 => FileKind.Regular,
        0x4000 => FileKind.Directory,
        _ => FileKind.Other,
    };

    private static long Nanoseconds(long seconds, uint nanoseconds) => unchecked((seconds * 1_000_000_000L) + nanoseconds);

    private static unsafe int OpenByKernel(int directory, byte* path)
    {
        var how = new Libc.OpenHow { Flags = ReadFlags, Resolve = Libc.RESOLVE_BENEATH | Libc.RESOLVE_NO_MAGICLINKS };
        while (true)
        {
            var opened = (int)Libc.openat2(Libc.SYS_openat2, directory, path, &how, (nuint)sizeof(Libc.OpenHow));
            if (opened >= 0)
            {
                return opened;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error != Errno.Interrupted)
            {
                return -error;
            }
        }
    }

    /// <summary>
    /// Takes hold of the file without opening it (O_PATH: no device is touched, no FIFO waits), asks the kernel for its
    /// true name and compares that with the directory's; then opens what it holds.
    /// </summary>
    internal static unsafe int OpenByName(int directory, byte* path)
    {
        var held = Open(directory, path, Libc.O_PATH | Libc.O_CLOEXEC);
        if (held < 0)
        {
            return held;
        }

        try
        {
            const int room = 4097;
            var above = stackalloc byte[room];
            var name = stackalloc byte[room];
            var aboveLength = TrueName(directory, above, room);
            var nameLength = TrueName(held, name, room);
            if (aboveLength <= 0 || nameLength <= 0)
            {
                return -Errno.CrossDevice;
            }

            if (aboveLength == 1)
            {
                aboveLength = 0; // the root directory: its slash is the separator
            }

            if (nameLength <= aboveLength
                || name[aboveLength] != (byte)'/'
                || !new ReadOnlySpan<byte>(name, aboveLength).SequenceEqual(new ReadOnlySpan<byte>(above, aboveLength)))
            {
                return -Errno.CrossDevice;
            }

            var link = stackalloc byte[32];
            DescriptorPath(held, link);
            return Open(Libc.AT_FDCWD, link, ReadFlags);
        }
        finally
        {
            _ = Libc.close(held);
        }
    }

    private static unsafe int TrueName(int fd, byte* name, int room)
    {
        var link = stackalloc byte[32];
        DescriptorPath(fd, link);
        var length = (int)Libc.readlink(link, name, (nuint)room);
        return length >= room ? -1 : length;
    }

    private static unsafe void DescriptorPath(int fd, byte* path)
    {
        var space = new Span<byte>(path, 32);
        "/proc/self/fd/"u8.CopyTo(space);
        _ = System.Buffers.Text.Utf8Formatter.TryFormat(fd, space[14..], out var digits);
        space[14 + digits] = 0;
    }

    private static unsafe int Open(int directory, byte* path, int flags)
    {
        while (true)
        {
            var opened = Libc.openat(directory, path, flags, 0);
            if (opened >= 0)
            {
                return opened;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error != Errno.Interrupted)
            {
                return -error;
            }
        }
    }
}
