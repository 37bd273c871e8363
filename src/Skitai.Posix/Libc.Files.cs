using System.Runtime.InteropServices;

namespace Skitai.Posix;

/// <summary>The file calls: what .NET's own API has no door for, or only one that costs an allocation.</summary>
internal static unsafe partial class Libc
{
    internal const int AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x100, AT_EMPTY_PATH = 0x1000;
    internal const int O_NONBLOCK = 0x800, O_NOCTTY = 0x100, O_PATH = 0x200000;
    internal const int O_RDWR = 0x2, O_CREAT = 0x40, O_EXCL = 0x80;
    internal const uint STATX_BASIC_STATS = 0x7ff;
    internal const uint STATX_TYPE = 0x1, STATX_MODE = 0x2, STATX_MTIME = 0x40, STATX_CTIME = 0x80, STATX_INO = 0x100, STATX_SIZE = 0x200;
    internal const ulong RESOLVE_NO_MAGICLINKS = 0x02, RESOLVE_BENEATH = 0x08;

    /// <summary>With O_DIRECTORY in it, which is not the same number on every architecture.</summary>
    internal static readonly int O_TMPFILE = 0x400000
        | (RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 or Architecture.Ppc64le ? 0x4000 : 0x10000);

    /// <summary>The same number on every architecture; the C library has no wrapper.</summary>
    internal const nint SYS_openat2 = 437;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int statx(int directory, byte* path, int flags, uint mask, Statx* result);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int openat(int directory, byte* path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int unlink(byte* path);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint openat2(nint number, int directory, byte* path, OpenHow* how, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint readlink(byte* path, byte* buffer, nuint size);

    [LibraryImport("libc")]
    internal static partial int close(int fd);

    /// <summary>struct open_how.</summary>
    internal struct OpenHow
    {
        internal ulong Flags, Mode, Resolve;
    }

    /// <summary>struct statx: unlike struct stat the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct Statx
    {
        [FieldOffset(16)]
        internal uint Links;

        [FieldOffset(20)]
        internal uint User;

        [FieldOffset(28)]
        internal ushort Mode;

        [FieldOffset(32)]
        internal ulong Inode;

        [FieldOffset(40)]
        internal ulong Size;

        [FieldOffset(96)]
        internal long ChangedSeconds;

        [FieldOffset(104)]
        internal uint ChangedNanoseconds;

        [FieldOffset(112)]
        internal long ModifiedSeconds;

        [FieldOffset(120)]
        internal uint ModifiedNanoseconds;

        [FieldOffset(136)]
        internal uint DeviceMajor;

        [FieldOffset(140)]
        internal uint DeviceMinor;
    }
}
