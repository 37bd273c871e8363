using Microsoft.Win32.SafeHandles;

namespace Skitaid.Commands;

/// <summary>Reads a log from near its end and goes on as it grows, across rotations, whoever rotates.</summary>
internal sealed class LogTail(string path) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>How often in a row a file that was moved away has to be found at rest before the next one is turned to.</summary>
    private const int PollsAtRest = 4;

    private readonly byte[] _buffer = new byte[16 * 1024];
    private SafeFileHandle? _file;
    private string? _openedAs;
    private long _position;
    private int _atRest;

    /// <summary>Whether there was a file to open.</summary>
    public bool IsOpen => _file is not null;

    /// <summary>Whether there is nothing to show: no file, or an empty one.</summary>
    public bool IsEmpty => _file is null || RandomAccess.GetLength(_file) == 0;

    /// <summary>Opens the file; false when there is none (and one that is open stays it).</summary>
    /// <param name="lastBytes">How much of its end is wanted at most; what precedes the first line start there is left out.</param>
    public bool Open(int lastBytes)
    {
        SafeFileHandle opened;
        try
        {
            opened = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }

        _file?.Dispose();
        _file = opened;
        _atRest = 0;
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
    /// <returns>Whether there was anything.</returns>
    public async Task<bool> CopyAsync(Stream output, CancellationToken cancellation)
    {
        var any = false;
        while (_file is not null)
        {
            var read = await RandomAccess.ReadAsync(_file, _buffer, _position, cancellation);
            if (read == 0)
            {
                break;
            }

            any = true;
            _position += read;
            await output.WriteAsync(_buffer.AsMemory(0, read), cancellation);
        }

        await output.FlushAsync(cancellation);
        return any;
    }

    /// <summary>Copies what comes, until it is cancelled.</summary>
    public async Task FollowAsync(Stream output, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Pause, cancellation);
                await PollAsync(output, cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C.
        }
    }

    /// <summary>One look at what has come.</summary>
    public async Task PollAsync(Stream output, CancellationToken cancellation)
    {
        var grew = await CopyAsync(output, cancellation);
        if (_file is not null && NameOf(_file) == _openedAs)
        {
            _atRest = 0;
            if (RandomAccess.GetLength(_file) < _position)
            {
                _position = 0; // somebody has emptied it
            }

            return;
        }

        // Moved away or removed. Who writes to it may not have noticed yet: it is read to its end, and that is not before
        // there is another.
        _atRest = grew ? 0 : _atRest + 1;
        if ((_file is null || _atRest >= PollsAtRest) && Open(lastBytes: int.MaxValue))
        {
            await CopyAsync(output, cancellation);
        }
    }

    public void Dispose() => _file?.Dispose();

    /// <summary>The kernel's own word for the name that an open file has at the moment.</summary>
    private static string? NameOf(SafeFileHandle file) => new FileInfo($"/proc/self/fd/{file.DangerousGetHandle()}").LinkTarget;
}
