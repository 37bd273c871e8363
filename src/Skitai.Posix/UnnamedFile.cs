using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Skitai.Posix;

/// <summary>A file that has no name: it is gone with its last descriptor, however the process ends.</summary>
public static class UnnamedFile
{
    /// <summary>Makes one for reading and writing, which nobody but this user could open.</summary>
    /// <param name="directory">Tells the file system; the directory has to be writable.</param>
    /// <param name="handle">The open file.</param>
    /// <returns>0, or an <see cref="Errno"/>.</returns>
    public static int Create(string directory, out SafeFileHandle? handle)
    {
        ArgumentNullException.ThrowIfNull(directory);
        var opened = Open(directory, Libc.O_TMPFILE);
        if (opened is -Errno.NotSupported or -Errno.IsDirectory or -Errno.Invalid)
        {
            opened = OpenAndUnlink(directory); // the file system (some network and overlay ones) does not know O_TMPFILE
        }

        handle = opened < 0 ? null : new SafeFileHandle(opened, ownsHandle: true);
        return opened < 0 ? -opened : Errno.None;
    }

    /// <summary>Where O_TMPFILE is unknown: the name is there for a moment.</summary>
    internal static unsafe int OpenAndUnlink(string directory)
    {
        var path = Path.Combine(directory, ".skitaid-" + RandomNumberGenerator.GetHexString(16));
        var opened = Open(path, Libc.O_CREAT | Libc.O_EXCL);
        if (opened >= 0)
        {
            fixed (byte* native = Native(path))
            {
                if (Libc.unlink(native) != 0)
                {
                    var error = Marshal.GetLastPInvokeError();
                    _ = Libc.close(opened);
                    return -error;
                }
            }
        }

        return opened;
    }

    private static unsafe int Open(string path, int flags)
    {
        const int onlyOwner = 0x180; // 0600
        fixed (byte* native = Native(path))
        {
            while (true)
            {
                var opened = Libc.openat(Libc.AT_FDCWD, native, flags | Libc.O_RDWR | Libc.O_CLOEXEC, onlyOwner);
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

    private static byte[] Native(string path) => Encoding.UTF8.GetBytes(path + '\0');
}
