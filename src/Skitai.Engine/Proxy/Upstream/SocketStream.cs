using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Skitai.Engine.Proxy.Upstream;

/// <summary>A member's socket as a stream, for TLS and HTTP/2 to go through; closing it closes the socket.</summary>
/// <param name="socket">Connected.</param>
internal sealed class SocketStream(Socket socket) : Stream
{
    private Action? _onClosed;
    private int _closed;

    /// <summary>
    /// Whether what has been read is dealt with in the thread pool and not on the thread that polls the sockets: a handshake
    /// takes milliseconds of work.
    /// </summary>
    public bool HopsToPool { get; set; }

    /// <summary>Whether the member's end of file has been read.</summary>
    public bool HasEnded { get; private set; }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Has something done once when it is closed; at once if it is already.</summary>
    public void WhenClosed(Action action)
    {
        _onClosed = action;
        if (Volatile.Read(ref _closed) != 0)
        {
            Interlocked.Exchange(ref _onClosed, null)?.Invoke();
        }
    }

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        HopsToPool ? ReadHoppingAsync(buffer, cancellationToken) : ReceiveAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await socket.SendAsync(buffer, SocketFlags.None, cancellationToken);
        }
        catch (SocketException fault)
        {
            throw new IOException(fault.Message, fault);
        }
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _closed, 1) == 0)
        {
            socket.Dispose();
            Interlocked.Exchange(ref _onClosed, null)?.Invoke();
        }

        base.Dispose(disposing);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        try
        {
            var count = await socket.ReceiveAsync(buffer, SocketFlags.None, cancellation);
            HasEnded |= count == 0 && buffer.Length > 0;
            return count;
        }
        catch (SocketException fault)
        {
            throw new IOException(fault.Message, fault);
        }
    }

    private async ValueTask<int> ReadHoppingAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        var count = await ReceiveAsync(buffer, cancellation);
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return count;
    }
}
