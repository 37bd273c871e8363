using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Skitai.Posix;

namespace Skitai.Engine.Apps;

/// <summary>
/// What of a request body came after its first frame, in a file without a name: nothing is left of it, however the
/// process ends, and no more of it is in memory than is under way.
/// </summary>
internal sealed class BodySpool(SafeFileHandle file, string directory) : IDisposable
{
    private byte[]? _buffer; // what comes is written in large pieces: each write is a way to another thread and back
    private int _buffered;
    private long _written;

    /// <summary>Makes an empty one.</summary>
    /// <param name="directories">Where; the first that takes it.</param>
    /// <exception cref="BodySpoolException">None does.</exception>
    public static BodySpool Create(IReadOnlyList<string> directories)
    {
        var error = Errno.NoEntry;
        foreach (var directory in directories)
        {
            error = UnnamedFile.Create(directory, out var file);
            if (file is not null)
            {
                return new BodySpool(file, directory);
            }
        }

        throw new BodySpoolException(directories[^1], error);
    }

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="BodySpoolException">The disk is full or broken.</exception>
    public async ValueTask AppendAsync(ReadOnlySequence<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            _buffer ??= ArrayPool<byte>.Shared.Rent(Frame.MaxData);
            var taken = (int)Math.Min(bytes.Length, Frame.MaxData - _buffered);
            bytes.Slice(0, taken).CopyTo(_buffer.AsSpan(_buffered));
            bytes = bytes.Slice(taken);
            _buffered += taken;
            if (_buffered == Frame.MaxData)
            {
                await WriteAsync();
            }
        }
    }

    /// <summary>No more will come.</summary>
    /// <returns>How many bytes it has.</returns>
    /// <exception cref="BodySpoolException">The disk is full or broken.</exception>
    public async ValueTask<long> CompleteAsync()
    {
        await WriteAsync();
        ReturnBuffer();
        return _written;
    }

    /// <summary>Sends all of it to the request's worker. Ends when that is done or <see cref="AppRequest.StopUpload"/> was called.</summary>
    /// <exception cref="BodySpoolException">The disk is broken.</exception>
    public async Task StreamAsync(AppRequest request)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Frame.MaxData);
        try
        {
            for (var sent = 0L; request.Upload == UploadState.None && !request.Ended;)
            {
                var count = request.TakeUploadCredit((int)Math.Min(_written - sent, Frame.MaxData));
                if (count == 0)
                {
                    await request.WaitForUploadNewsAsync(heldBack: false);
                    continue;
                }

                await ReadAsync(buffer.AsMemory(0, count), sent);
                sent += count;
                request.Worker?.SendData(request, buffer.AsSpan(0, count), end: sent == _written);
                if (sent == _written)
                {
                    request.EndUpload(UploadState.Done);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ReturnBuffer();
        file.Dispose();
    }

    private async ValueTask WriteAsync()
    {
        try
        {
            await RandomAccess.WriteAsync(file, _buffer.AsMemory(0, _buffered), _written);
            _written += _buffered;
            _buffered = 0;
        }
        catch (IOException error)
        {
            throw new BodySpoolException(directory, error);
        }
    }

    private async ValueTask ReadAsync(Memory<byte> into, long offset)
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
            throw new BodySpoolException(directory, error);
        }
    }

    private void ReturnBuffer()
    {
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
        }
    }
}
