using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Skitai.Posix;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>Files and directories that nobody but this user can read.</summary>
internal static class DiskFiles
{
    /// <summary>What an <see cref="IOException"/> has that .NET itself came to (COR_E_IO).</summary>
    private const int NoErrorNumber = unchecked((int)0x80131620);

    private const FileShare Anybody = FileShare.ReadWrite | FileShare.Delete;

    /// <summary>Makes a file for reading and writing, or empties the one that is there.</summary>
    /// <param name="path">Where.</param>
    /// <param name="length">Bytes to set aside at once; 0 = none.</param>
    /// <exception cref="IOException">No directory, no space, no permission.</exception>
    public static SafeFileHandle Create(string path, long length)
    {
        try
        {
            var stream = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.ReadWrite,
                Share = Anybody,
                BufferSize = 0,
                PreallocationSize = length,
#pragma warning disable CA1416 // Linux only
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
#pragma warning restore CA1416
            });

            // The handle is what is wanted: it closes itself, and the stream must not do that before.
#pragma warning disable CA1816 // not its owner's Dispose, but the same is meant
            GC.SuppressFinalize(stream);
#pragma warning restore CA1816
            return stream.SafeFileHandle;
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException(error.Message, error);
        }
        catch (IOException error) when (length > 0 && error.HResult == NoErrorNumber)
        {
            // What could not be set aside is told without the system's error number.
            throw new IOException(error.Message, Errno.NoSpace);
        }
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">It is not there, or may not be opened.</exception>
    public static SafeFileHandle Open(string path, FileAccess access = FileAccess.Read)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, access, Anybody);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException(error.Message, error);
        }
    }

    /// <summary>Makes a directory and those above it.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static void CreateDirectory(string path)
    {
        try
        {
#pragma warning disable CA1416 // Linux only
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
#pragma warning restore CA1416
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException(error.Message, error);
        }
    }

    /// <summary>Gives a file another name, in the place of what has that.</summary>
    /// <exception cref="IOException">It cannot be done.</exception>
    public static void Rename(string from, string to)
    {
        try
        {
            File.Move(from, to, overwrite: true);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException(error.Message, error);
        }
    }

    /// <summary>Deletes a file if it is there.</summary>
    /// <returns>False when it could not be deleted.</returns>
    public static bool TryDelete(string path) => TryDelete(path, out _);

    /// <summary>Deletes a file if it is there.</summary>
    /// <param name="path">Where.</param>
    /// <param name="trouble">Why it could not be deleted.</param>
    /// <returns>False when it could not be deleted.</returns>
    public static bool TryDelete(string path, [NotNullWhen(false)] out Exception? trouble)
    {
        trouble = null;
        try
        {
            File.Delete(path);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException error) when (error.HResult == Errno.NotDirectory)
        {
            return true; // what should be its directory is none
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            trouble = error;
            return false;
        }
    }

    /// <summary>Waits until the names in a directory are on the disk itself.</summary>
    /// <exception cref="IOException">It cannot be done.</exception>
    public static void FlushDirectory(string path)
    {
        // File.OpenHandle opens no directories.
        var error = PosixFile.OpenBeneath([.. Encoding.UTF8.GetBytes(path), 0], ".\0"u8, out var directory);
        if (directory is null)
        {
            throw new IOException($"'{path}' cannot be opened: {new Win32Exception(error).Message}");
        }

        using (directory)
        {
            RandomAccess.FlushToDisk(directory);
        }
    }

    /// <summary>Reads until <paramref name="into"/> is full.</summary>
    /// <returns>False when the file ends before.</returns>
    /// <exception cref="IOException">The disk is broken.</exception>
    public static bool TryReadFully(SafeFileHandle file, Span<byte> into, long offset)
    {
        while (into.Length > 0)
        {
            var count = RandomAccess.Read(file, into, offset);
            if (count == 0)
            {
                return false;
            }

            offset += count;
            into = into[count..];
        }

        return true;
    }
}
