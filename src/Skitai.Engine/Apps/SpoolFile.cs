using Microsoft.Win32.SafeHandles;
using Skitai.Posix;

namespace Skitai.Engine.Apps;

/// <summary>
/// A file without a name for bytes that somebody does not take yet: nothing is left of it, however the process ends. The
/// caller knows what is where in it.
/// </summary>
internal sealed class SpoolFile(SafeFileHandle file, string directory) : IDisposable
{
    /// <summary>Makes an empty one.</summary>
    /// <param name="directories">Where; the first that takes it.</param>
    /// <exception cref="SpoolException">None does.</exception>
    public static SpoolFile Create(IReadOnlyList<string> directories)
    {
        var error = Errno.NoEntry;
        foreach (var directory in directories)
        {
            error = UnnamedFile.Create(directory, out var file);
            if (file is not null)
            {
                return new SpoolFile(file, directory);
            }
        }

        throw new SpoolException(directories[^1], error);
    }

    /// <summary>Writes all of the bytes.</summary>
    /// <exception cref="SpoolException">The disk is full or broken.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, long offset)
    {
        try
        {
            await RandomAccess.WriteAsync(file, bytes, offset);
        }
        catch (IOException error)
        {
            throw new SpoolException(directory, error);
        }
    }

    /// <summary>Reads until <paramref name="into"/> is full.</summary>
    /// <exception cref="SpoolException">The disk is broken.</exception>
    public async ValueTask ReadAsync(Memory<byte> into, long offset)
    {
        try
        {
            while (into.Length > 0)
            {
                var count = await RandomAccess.ReadAsync(file, into, offset);
                if (count == 0)
                {
                    throw new EndOfStreamException();
                }

                offset += count;
                into = into[count..];
            }
        }
        catch (IOException error)
        {
            throw new SpoolException(directory, error);
        }
    }

    /// <summary>Gives the disk its room back.</summary>
    public void Empty() => RandomAccess.SetLength(file, 0);

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
