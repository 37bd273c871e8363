using System.Buffers;
using System.ComponentModel;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Skitai.Posix;

namespace Skitai.Engine.Hosting.Transport;

/// <summary>
/// A connection's output: pooled chunks that a flush sends straight to the socket. A flush ends when the kernel has taken
/// everything, so a slow client holds back its own answer and nothing else.
/// </summary>
internal sealed class SocketWriter(SocketConnection connection) : PipeWriter, IFileSendFeature
{
    private const int SmallChunk = 4096;
    private const int LargeChunk = 64 * 1024;

    /// <summary>The most that one sendfile call moves, so that one fast client does not keep a thread to itself.</summary>
    private const int FileSlice = 1024 * 1024;

    private readonly List<ArraySegment<byte>> _full = [];
    private readonly List<byte[]> _rented = [];
    private byte[]? _chunk;
    private int _used;
    private SafeFileHandle? _file;
    private long _fileOffset;
    private long _fileBytes;
    private bool _released;
    private volatile bool _cancelled, _flushing;

    /// <summary>Whether bytes wait for the client.</summary>
    internal bool IsFlushing => _flushing;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes
    {
        get
        {
            var bytes = _used + _fileBytes;
            foreach (var segment in _full)
            {
                bytes += segment.Count;
            }

            return bytes;
        }
    }

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_file is not null)
        {
            return FilePlaceholder.Memory;
        }

        if (_chunk is null || _chunk.Length - _used < Math.Max(sizeHint, 1))
        {
            NextChunk(sizeHint);
        }

        return _chunk.AsMemory(_used);
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        if (_file is not null)
        {
            _fileBytes += bytes;
            return;
        }

        _used += bytes;
    }

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_used == 0 && _full.Count == 0 && _fileBytes == 0)
        {
            return new ValueTask<FlushResult>(Result());
        }

        if (_full.Count == 0 && _fileBytes == 0)
        {
            ValueTask<int> sending;
            try
            {
                sending = connection.Socket.SendAsync(_chunk.AsMemory(0, _used), SocketFlags.None, CancellationToken.None);
                if (sending.IsCompletedSuccessfully)
                {
                    _ = sending.Result;
                    Sent();
                    return new ValueTask<FlushResult>(Result());
                }
            }
            catch (ObjectDisposedException)
            {
                return new ValueTask<FlushResult>(Broken());
            }

            return FinishAsync(sending);
        }

        return SendAllAsync();
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush() => _cancelled = true;

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
    }

    /// <inheritdoc/>
    public long FileOffset => _fileOffset;

    /// <inheritdoc/>
    public void BeginFile(SafeFileHandle file, long offset)
    {
        _file = file;
        _fileOffset = offset;
    }

    /// <inheritdoc/>
    public void EndFile()
    {
        _file = null;
        _fileBytes = 0;
    }

    /// <summary>Gives the buffers back.</summary>
    internal void Release()
    {
        _released = true;
        if (!_flushing)
        {
            // The kernel may still look at those of a flush that was aborted: they are left to the collector.
            foreach (var chunk in _rented)
            {
                ArrayPool<byte>.Shared.Return(chunk);
            }
        }

        _rented.Clear();
        _full.Clear();
        _chunk = null;
        _used = 0;
    }

    private async ValueTask<FlushResult> FinishAsync(ValueTask<int> sending)
    {
        _flushing = true;
        try
        {
            await sending;
            Sent();
            return Result();
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            return Broken();
        }
        finally
        {
            _flushing = false;
        }
    }

    private async ValueTask<FlushResult> SendAllAsync()
    {
        _flushing = true;
        try
        {
            if (_used > 0)
            {
                _full.Add(new ArraySegment<byte>(_chunk!, 0, _used));
            }

            if (_full.Count > 0)
            {
                await connection.Socket.SendAsync(_full, SocketFlags.None);
            }

            Sent();
            if (_fileBytes > 0)
            {
                // The disk may be slow, or the client so fast that this goes on and on: not on the thread that polls the sockets.
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            }

            while (_fileBytes > 0)
            {
                var sent = FileToSocket.Send(connection.Socket.SafeHandle, _file!, _fileOffset, Math.Min(_fileBytes, FileSlice));
                if (sent < 0)
                {
                    await WritableSocket.WaitAsync(connection.Socket.SafeHandle);
                    continue;
                }

                if (sent == 0)
                {
                    throw new EndOfStreamException("the file became shorter while it was sent");
                }

                _fileOffset += sent;
                _fileBytes -= sent;
            }

            return Result();
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException or Win32Exception or EndOfStreamException)
        {
            return Broken();
        }
        finally
        {
            _flushing = false;
        }
    }

    private FlushResult Result()
    {
        var cancelled = _cancelled;
        if (cancelled)
        {
            _cancelled = false;
        }

        return new FlushResult(isCanceled: cancelled, isCompleted: false);
    }

    /// <summary>The client is gone: nobody reads, as a completed reader's pipe says it.</summary>
    private FlushResult Broken()
    {
        _used = 0;
        _full.Clear();
        _fileBytes = 0;
        connection.Closed();
        return new FlushResult(isCanceled: false, isCompleted: true);
    }

    private void NextChunk(int sizeHint)
    {
        ObjectDisposedException.ThrowIf(_released, this);
        if (_used > 0)
        {
            _full.Add(new ArraySegment<byte>(_chunk!, 0, _used));
            _used = 0;
        }

        // The first chunk is small: most answers fit. Whoever needs a second one needs much.
        _chunk = ArrayPool<byte>.Shared.Rent(Math.Max(sizeHint, _rented.Count == 0 ? SmallChunk : LargeChunk));
        _rented.Add(_chunk);
    }

    /// <summary>Everything is out: one small chunk is kept for the next answer, for a connection may be idle for long.</summary>
    private void Sent()
    {
        _full.Clear();
        _used = 0;
        for (var i = _rented.Count - 1; i > 0 || (i == 0 && _rented[0].Length > SmallChunk); i--)
        {
            ArrayPool<byte>.Shared.Return(_rented[i]);
            _rented.RemoveAt(i);
        }

        _chunk = _rented.Count > 0 ? _rented[0] : null;
    }
}
