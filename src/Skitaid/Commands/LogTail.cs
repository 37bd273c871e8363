using Microsoft.Win32.SafeHandles;

namespace Skitaid.Commands;

/// <summary>Reads a log from near its end and goes on as it grows, across rotations.</summary>
internal sealed class LogTail(string path) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private readonly byte[] _buffer = new byte[16 * 1024];
    private SafeFileHandle? _file;
    private string? _openedAs;
    private long _position;

    /// <summary>Whether there was a file to open.</summary>
    public bool IsOpen => _file is not null;

    /// <summary>Opens the file; false when there is none.</summary>
    /// <param name="lastBytes">How much of its end is wanted at most; what precedes the first line start there is left out.</param>
    public bool Open(int lastBytes)
    {
        try
        {
            _file?.Dispose();
            _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            _file = null;
            return false;
        }

        _openedAs = NameOf(_file);
        var length = RandomAccess.GetLength(_file);
        _position = Math.Max(0, length - lastBytes);
        if (_position > 0 && _position < length)
        {
            _position--; // the byte before tells whether a line starts here
            var read = RandomAccess.Read(_file, _buffer, _position);
            var newline = _buffer.AsSpan(0, read).IndexOf((byte)'\n');
            _position += newline < 0 ? 1 : newline + 1;
        }

        return true;
    }

    /// <summary>Copies what is there.</summary>
    public async Task CopyAsync(Stream output, CancellationToken cancellation)
    {
        while (_file is not null)
        {
            var read = await RandomAccess.ReadAsync(_file, _buffer, _position, cancellation);
            if (read == 0)
            {
                break;
            }

            _position += read;
            await output.WriteAsync(_buffer.AsMemory(0, read), cancellation);
        }

        await output.FlushAsync(cancellation);
    }

    /// <summary>Copies what comes, until it is cancelled.</summary>
    public async Task FollowAsync(Stream output, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Pause, cancellation);
                await CopyAsync(output, cancellation);
                if (_file is null || NameOf(_file) != _openedAs)
                {
                    await CopyAsync(output, cancellation); // the last of the old file
                    Open(lastBytes: int.MaxValue);
                }
                else if (RandomAccess.GetLength(_file) < _position)
                {
                    _position = 0; // somebody has emptied it
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C.
        }
    }

    public void Dispose() => _file?.Dispose();

    /// <summary>The kernel's own word for the name that an open file has at the moment.</summary>
    private static string? NameOf(SafeFileHandle file) => new FileInfo($"/proc/self/fd/{file.DangerousGetHandle()}").LinkTarget;
}
