using System.Runtime.InteropServices;

namespace Skitai.Posix;

/// <summary>What moves a file's bytes to a socket inside the kernel.</summary>
internal static unsafe partial class Libc
{
    internal const int EAGAIN = 11;
    internal const int EPOLL_CLOEXEC = 0x80000, EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3, EEXIST = 17;
    internal const uint EPOLLOUT = 4, EPOLLONESHOT = 1u << 30;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint sendfile(int socket, int file, long* offset, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_ctl(int epoll, int operation, int fd, void* entry);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_wait(int epoll, void* entries, int count, int timeout);
}
