using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skitai.Engine.Logging;

/// <summary>
/// A file that only grows. Opened with O_APPEND, which .NET's own append mode does not use: while an instance is
/// replaced, two processes write to the same log and neither may overwrite the other's lines.
/// </summary>
public sealed partial class AppendFile : IDisposable
{
    private const int F_GETFL = 3, F_SETFL = 4, O_APPEND = 0x400, EINTR = 4;

    private readonly FileStream _stream;
    private readonly SafeFileHandle _handle;

    /// <summary>Opens the file, or creates it (readable by owner and group).</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public AppendFile(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
#pragma warning disable CA1416 // Linux only
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead,
#pragma warning restore CA1416
        };
        _stream = new FileStream(path, options);
        _handle = _stream.SafeFileHandle;
        var flags = Fcntl(_handle, F_GETFL, 0);
        if (flags < 0 || Fcntl(_handle, F_SETFL, flags | O_APPEND) < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            _stream.Dispose();
            throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    /// <summary>Writes as much as the disk takes.</summary>
    /// <param name="bytes">What to write.</param>
    /// <param name="error">Why it took less than all; null = it took all.</param>
    /// <returns>How many bytes are written.</returns>
    public unsafe int Write(ReadOnlySpan<byte> bytes, out string? error)
    {
        var written = 0;
        fixed (byte* start = bytes)
        {
            while (written < bytes.Length)
            {
                var count = (int)Write(_handle, start + written, (nuint)(bytes.Length - written));
                if (count > 0)
                {
                    written += count;
                    continue;
                }

                var code = Marshal.GetLastPInvokeError();
                if (code != EINTR)
                {
                    error = new Win32Exception(code).Message;
                    return written;
                }
            }
        }

        error = null;
        return written;
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(SafeFileHandle file, int command, int argument);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Write(SafeFileHandle file, byte* bytes, nuint count);
}
