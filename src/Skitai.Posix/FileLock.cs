using System.ComponentModel;
using Microsoft.Win32.SafeHandles;

namespace Skitai.Posix;

/// <summary>
/// A lock on a file (fcntl's open-file-description lock) that lasts as long as this object, and not a moment longer than this process: a crash frees
/// it, a stale file does no harm.
/// </summary>
public sealed class FileLock : IDisposable
{
    private readonly SafeFileHandle _handle;

    private FileLock(SafeFileHandle handle) => _handle = handle;

    /// <summary>Takes the lock, making the file (mode 0644) when it is missing; null when another process holds it.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">No permission to open it.</exception>
    /// <exception cref="Win32Exception">The file system knows no locks.</exception>
    public static unsafe FileLock? TryTake(string path)
    {
        // Not flock: .NET's own sharing is that, and would keep everybody from reading the file while we hold it.
        var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        var whole = new Libc.FileRange { Type = Libc.F_WRLCK };
        while (Libc.fcntl((int)handle.DangerousGetHandle(), Libc.F_OFD_SETLK, &whole) != 0)
        {
            var error = System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
            if (error == Libc.EINTR)
            {
                continue;
            }

            handle.Dispose();
            return error is Libc.EWOULDBLOCK or Libc.EACCES ? null : throw new Win32Exception(error);
        }

        return new FileLock(handle);
    }

    /// <summary>Replaces what the file holds.</summary>
    public void Write(ReadOnlySpan<byte> content)
    {
        RandomAccess.SetLength(_handle, 0);
        RandomAccess.Write(_handle, content, 0);
    }

    /// <summary>Lets go of the lock. The file stays.</summary>
    public void Dispose() => _handle.Dispose();
}
