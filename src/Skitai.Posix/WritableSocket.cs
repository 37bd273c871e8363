using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Skitai.Posix;

/// <summary>
/// Waits until a full socket takes bytes again. .NET waits for that inside its own send only, and sendfile is not one of
/// its sends; so there is one thread of ours with an epoll, started by the first wait.
/// </summary>
public static class WritableSocket
{
    private static readonly ConcurrentDictionary<int, TaskCompletionSource> s_waiting = new();
    private static readonly Lazy<int> s_epoll = new(Start);

    // struct epoll_event { u32 events; u64 data; } is packed on x86-64 and nowhere else.
    private static readonly int s_dataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int s_entryBytes = s_dataOffset + 8;

    /// <summary>
    /// Waits until the socket is writable or broken. It must stay open until then: shut it down to wake a waiter, close it
    /// afterwards.
    /// </summary>
    /// <exception cref="Win32Exception">The descriptor is not a socket that can be waited for.</exception>
    public static unsafe Task WaitAsync(SafeHandle socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        var fd = (int)socket.DangerousGetHandle();
        var epoll = s_epoll.Value;
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        s_waiting[fd] = source;

        // One shot: an entry that has fired stays in the epoll, mute, until it is armed again or the socket is closed.
        var entry = stackalloc byte[16];
        *(uint*)entry = Libc.EPOLLOUT | Libc.EPOLLONESHOT;
        *(int*)(entry + s_dataOffset) = fd;
        if (Libc.epoll_ctl(epoll, Libc.EPOLL_CTL_ADD, fd, entry) != 0
            && (Marshal.GetLastPInvokeError() != Libc.EEXIST || Libc.epoll_ctl(epoll, Libc.EPOLL_CTL_MOD, fd, entry) != 0))
        {
            s_waiting.TryRemove(fd, out _);
            throw new Win32Exception();
        }

        return source.Task;
    }

    private static int Start()
    {
        var epoll = Libc.epoll_create1(Libc.EPOLL_CLOEXEC);
        if (epoll < 0)
        {
            throw new Win32Exception();
        }

        new Thread(() => Run(epoll), 256 * 1024) { IsBackground = true, Name = "writable sockets" }.Start();
        return epoll;
    }

    private static unsafe void Run(int epoll)
    {
        const int Most = 64;
        var entries = stackalloc byte[Most * 16];
        while (true)
        {
            var count = Libc.epoll_wait(epoll, entries, Most, -1);
            for (var i = 0; i < count; i++)
            {
                if (s_waiting.TryRemove(*(int*)(entries + (i * s_entryBytes) + s_dataOffset), out var source))
                {
                    source.TrySetResult();
                }
            }
        }
    }
}
