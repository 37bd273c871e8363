using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skitai.Posix;

/// <summary>sendfile(2): bytes go from the page cache to a socket without passing through this process.</summary>
public static class FileToSocket
{
    /// <summary>Sends some of a file to a non-blocking socket, as much as the socket takes at once.</summary>
    /// <returns>How many bytes it took; 0 at the file's end; -1 when the socket is full: see <see cref="WritableSocket"/>.</returns>
    /// <exception cref="Win32Exception">The connection or the disk broke.</exception>
    public static unsafe long Send(SafeHandle socket, SafeFileHandle file, long offset, long count)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(file);
        while (true)
        {
            var from = offset;
            var sent = Libc.sendfile((int)socket.DangerousGetHandle(), (int)file.DangerousGetHandle(), &from, (nuint)count);
            if (sent >= 0)
            {
                return sent;
            }

            var error = Marshal.GetLastPInvokeError();
            if (error == Libc.EAGAIN)
            {
                return -1;
            }

            if (error != Libc.EINTR)
            {
                throw new Win32Exception(error);
            }
        }
    }
}
