using System.ComponentModel;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Skitai.Posix;

/// <summary>Connected pairs of descriptors: one end stays here, the other goes to a child. All are close-on-exec.</summary>
public static class Pairs
{
    /// <summary>A Unix-domain stream socket pair. Close <c>Theirs</c> once the child has started, or its death goes unseen.</summary>
    /// <exception cref="Win32Exception">Out of descriptors.</exception>
    public static unsafe (Socket Ours, SafeFileHandle Theirs) CreateSockets()
    {
        var pair = stackalloc int[2];
        if (Libc.socketpair(Libc.AF_UNIX, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC, 0, pair) != 0)
        {
            throw new Win32Exception();
        }

        return (new Socket(new SafeSocketHandle(pair[0], ownsHandle: true)), new SafeFileHandle(pair[1], ownsHandle: true));
    }

    /// <summary>A pipe that the child writes to. Close <c>Theirs</c> once the child has started, or its end goes unseen.</summary>
    /// <exception cref="Win32Exception">Out of descriptors.</exception>
    public static unsafe (SafeFileHandle Ours, SafeFileHandle Theirs) CreatePipe()
    {
        var pair = stackalloc int[2];
        if (Libc.pipe2(pair, Libc.O_CLOEXEC) != 0)
        {
            throw new Win32Exception();
        }

        return (new SafeFileHandle(pair[0], ownsHandle: true), new SafeFileHandle(pair[1], ownsHandle: true));
    }
}
