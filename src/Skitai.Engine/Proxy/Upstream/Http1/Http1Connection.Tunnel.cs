using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Skitai.Engine.Proxy.Upstream.Http1;

/// <content>After 101.</content>
internal sealed partial class Http1Connection
{
    /// <summary>Reads what the member sends; 0 = it has ended its side.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadTunnelAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        if (_start == _end)
        {
            using var registration = cancellation.UnsafeRegister(EndByToken, this);
            switch (await ReceiveAsync())
            {
                case Received.End:
                    return 0;
                case Received.Broken:
                    cancellation.ThrowIfCancellationRequested();
                    throw new IOException("the member's connection broke");
            }
        }

        var count = Math.Min(buffer.Length, _end - _start);
        _input.AsSpan(_start, count).CopyTo(buffer.Span);
        _start += count;
        return count;
    }

    /// <summary>Sends to the member.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteTunnelAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        var sending = SendAsync(bytes);
        bool sent;
        if (sending.IsCompleted)
        {
            sent = await sending;
        }
        else
        {
            using var registration = cancellation.UnsafeRegister(EndByToken, this);
            sent = await sending;
        }

        if (!sent)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new IOException("the member's connection broke");
        }
    }

    /// <summary>Ends our direction.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    public async ValueTask EndSendingAsync(CancellationToken cancellation)
    {
        try
        {
            if (_tls is not null)
            {
                using var registration = cancellation.UnsafeRegister(EndByToken, this);
                await _tls.ShutdownAsync();
            }

            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            throw new IOException("the member's connection broke", fault);
        }
    }

    // A tunnel's connection is never another exchange's: it may be ended late, too.
    private static void EndByToken(object? connection) => ((Http1Connection)connection!).End(null);
}
