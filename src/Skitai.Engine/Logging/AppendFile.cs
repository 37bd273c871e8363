using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Skitai.Posix;

namespace Skitai.Engine.Logging;

/// <summary>
/// A file of lines that only grows. Opened with O_APPEND, which .NET's own append mode does not use: while an instance is
/// replaced, two processes write to the same log and neither may overwrite the other's lines. Where the file ends within a
/// line (a disk was full, the power failed), what comes next begins a line of its own.
/// </summary>
public sealed partial class AppendFile : IDisposable
{
    private const int F_GETFL = 3, F_SETFL = 4, O_APPEND = 0x400, EINTR = 4;

    private readonly FileStream _stream;
    private readonly SafeFileHandle _handle;
    private bool _torn;

    /// <summary>Opens the file, or creates it (readable by owner and group), and its directory if that is gone.</summary>
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
        try
        {
            _stream = new FileStream(path, options);
        }
        catch (DirectoryNotFoundException)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            _stream = new FileStream(path, options);
        }

        _handle = _stream.SafeFileHandle;
        var flags = Fcntl(_handle, F_GETFL, 0);
        if (flags < 0 || Fcntl(_handle, F_SETFL, flags | O_APPEND) < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            _stream.Dispose();
            throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}");
        }

        _ = PosixFile.GetStatus(_handle, out var status);
        StatusWhenOpened = status;
        _torn = EndsWithinLine(_handle, status.Size);
    }

    /// <summary>Which file it is, as it was when it was opened; all zero = the system does not say.</summary>
    public FileStatus StatusWhenOpened { get; }

    /// <summary>
    /// Writes as many lines as the disk takes. After an error the file is not used any more but opened anew, which sees
    /// whether it ends within a line.
    /// </summary>
    /// <param name="lines">What to write: whole lines.</param>
    /// <param name="error">Why it took less than all; null = it took all.</param>
    /// <returns>How many bytes are written, as whole lines: one of which the disk took a part is to be written again.</returns>
    public int Write(ReadOnlySpan<byte> lines, out string? error)
    {
        if (_torn)
        {
            WriteBytes("\n"u8, out error);
            if (error is not null)
            {
                return 0;
            }

            _torn = false;
        }

        var written = WriteBytes(lines, out error);
        return error is null ? written : lines[..written].LastIndexOf((byte)'\n') + 1;
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private static bool EndsWithinLine(SafeFileHandle handle, long size)
    {
        if (size == 0)
        {
            return false;
        }

        try
        {
            // The file itself, whatever its path means by now.
            using var file = File.OpenHandle($"/proc/self/fd/{handle.DangerousGetHandle()}", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Span<byte> last = stackalloc byte[1];
            return RandomAccess.Read(file, last, size - 1) == 1 && last[0] != (byte)'\n';
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return false; // it may be written and not read: nothing is known of its end
        }
    }

    private unsafe int WriteBytes(ReadOnlySpan<byte> bytes, out string? error)
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

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(SafeFileHandle file, int command, int argument);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Write(SafeFileHandle file, byte* bytes, nuint count);
}
