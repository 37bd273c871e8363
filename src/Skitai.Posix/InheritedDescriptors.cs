using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Skitai.Posix;

/// <summary>The child's side of handed-over descriptors: they arrive open to every further child until told otherwise.</summary>
public static class InheritedDescriptors
{
    /// <summary>Keeps a descriptor that was handed to us from the children that we start.</summary>
    /// <exception cref="Win32Exception">There is no such descriptor.</exception>
    public static void Protect(int number)
    {
        var flags = Libc.fcntl(number, Libc.F_GETFD, 0);
        if (flags < 0 || Libc.fcntl(number, Libc.F_SETFD, flags | Libc.FD_CLOEXEC) < 0)
        {
            throw new Win32Exception();
        }
    }

    /// <summary>Takes over a socket that was handed to us, and keeps it from the children that we start.</summary>
    /// <exception cref="Win32Exception">There is no such descriptor.</exception>
    /// <exception cref="SocketException">The descriptor is not a socket.</exception>
    public static Socket TakeSocket(int number)
    {
        Protect(number);
        return new Socket(new SafeSocketHandle(number, ownsHandle: true));
    }

    /// <summary>Puts another open file in a descriptor's place (a daemon's standard output, once its starter is gone).</summary>
    /// <exception cref="Win32Exception">Out of descriptors.</exception>
    public static void Replace(int number, SafeHandle with)
    {
        ArgumentNullException.ThrowIfNull(with);
        if (Libc.dup2((int)with.DangerousGetHandle(), number) < 0)
        {
            throw new Win32Exception();
        }
    }
}
