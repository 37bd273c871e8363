using System.Buffers;

namespace Skitai.Engine.Apps;

/// <summary>
/// What of a request body came after its first frame, in a file: no more of it is in memory than is under way.
/// </summary>
internal sealed class BodySpool(SpoolFile file) : IDisposable
{
    private byte[]? _buffer; // what comes is written in large pieces: each write is a way to another thread and back
    private int _buffered;
    private long _written;

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="SpoolException">The disk is full or broken.</exception>
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
    /// <exception cref="SpoolException">The disk is full or broken.</exception>
    public async ValueTask<long> CompleteAsync()
    {
        await WriteAsync();
        ReturnBuffer();
        return _written;
    }

    /// <summary>Sends all of it to the request's worker. Ends when that is done or <see cref="AppRequest.StopUpload"/> was called.</summary>
    /// <exception cref="SpoolException">The disk is broken.</exception>
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

                await file.ReadAsync(buffer.AsMemory(0, count), sent);
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
        await file.WriteAsync(_buffer.AsMemory(0, _buffered), _written);
        _written += _buffered;
        _buffered = 0;
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
