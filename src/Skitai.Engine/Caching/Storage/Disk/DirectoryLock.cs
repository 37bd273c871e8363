using Skitai.Posix;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>The tier's directory is this process's alone, to write in, as long as this lives: by a lock on a file in it.</summary>
internal sealed class DirectoryLock : IDisposable
{
    private readonly string _path;
    private readonly FileLock _lock;
    private readonly FileStatus? _status;

    private DirectoryLock(string path, FileLock taken, FileStatus? status) => (_path, _lock, _status) = (path, taken, status);

    /// <summary>Takes it, making the directory where it is missing; null when another process has it.</summary>
    /// <exception cref="IOException">The directory cannot be made, or the file not opened.</exception>
    /// <exception cref="UnauthorizedAccessException">No permission to do that.</exception>
    /// <exception cref="System.ComponentModel.Win32Exception">The file system knows no locks.</exception>
    public static DirectoryLock? TryTake(string directory)
    {
        try
        {
            DiskFiles.CreateDirectory(directory);
        }
        catch (IOException error) when (FileInTheWay(directory) is { } file)
        {
            throw new IOException($"'{file}' is not a directory", error);
        }

        var path = Path.Combine(directory, "lock");
        if (FileLock.TryTake(path) is not { } taken)
        {
            return null;
        }

        try
        {
            return new DirectoryLock(path, taken, PosixFile.GetStatus(path));
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    /// <summary>Whether the file is still that one: else somebody has removed the directory, or put another in its place.</summary>
    public bool IsStillThere() => PosixFile.GetStatus(_path) is { } status && _status is { } mine && status.IsSameFile(mine);

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    /// <summary>What there is of the path that is no directory; null = nothing.</summary>
    private static string? FileInTheWay(string path)
    {
        while (!Path.Exists(path) && Path.GetDirectoryName(path) is { } above)
        {
            path = above;
        }

        return Directory.Exists(path) ? null : path;
    }
}
