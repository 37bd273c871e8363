using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Skitai.Engine.Hosting.Transport;

/// <summary>One accepted TCP connection, as Kestrel wants to see it.</summary>
internal sealed class SocketConnection : ConnectionContext, IDuplexPipe, IConnectionSocketFeature
{
    /// <summary>How long and how much a client may still send after we have said our last word. See <see cref="LingerAsync"/>.</summary>
    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(2);
    private const int LingerBytes = 4 * 1024 * 1024;

    /// <summary>At most so many at a time: a crowd that comes and goes must not keep the descriptors of those who stay.</summary>
    private const int MostLingering = 256;

    /// <summary>
    /// A client that has ended its side may have left, or may wait for its answer with only its writing side shut down: TCP
    /// does not tell. It gets this long, in milliseconds, before it counts as gone.
    /// </summary>
    private const long HalfClosedTime = 2000;

    private static long s_lastId;

    private static int s_lingering;

    private readonly ClientWatch _watch;
    private readonly CancellationTokenSource _closed = new();
    private int _closing;
    private long _stalledSince;
    private ulong _acknowledged;
    private string? _id;
    private IDictionary<object, object?>? _items;

    public SocketConnection(Socket socket, ClientWatch watch)
    {
        Socket = socket;
        _watch = watch;
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        ConnectionClosed = _closed.Token;
        Number = Interlocked.Increment(ref s_lastId);
        Reader = new SocketReader(this);
        Writer = new SocketWriter(this);
        Transport = this;
        Features = new FeatureCollection(8);
        Features.Set<IConnectionSocketFeature>(this);
        Features.Set<IFileSendFeature>(Writer);
    }

    /// <inheritdoc/>
    public Socket Socket { get; }

    /// <summary>Counts up from 1 in this process.</summary>
    public long Number { get; }

    public SocketReader Reader { get; }

    public SocketWriter Writer { get; }

    PipeReader IDuplexPipe.Input => Reader;

    PipeWriter IDuplexPipe.Output => Writer;

    /// <inheritdoc/>
    public override string ConnectionId
    {
        get => _id ??= Number.ToString();
        set => _id = value;
    }

    /// <inheritdoc/>
    public override IFeatureCollection Features { get; }

    /// <inheritdoc/>
    public override IDictionary<object, object?> Items
    {
        get => _items ??= new Dictionary<object, object?>();
        set => _items = value;
    }

    /// <inheritdoc/>
    public override IDuplexPipe Transport { get; set; }

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (Writer.IsFlushing)
        {
            // The client does not take what waits for it: the kernel need not keep that for minutes after the close.
            ResetOnClose();
        }

        ShutDown(SocketShutdown.Both);
        Writer.CancelPendingFlush();
        Closed();
    }

    /// <summary>Ends the connection in a way that the client cannot take for a proper end.</summary>
    internal void Reset()
    {
        ResetOnClose();
        Socket.Close(0);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        _watch.Remove(this);
        Writer.Release();
        if (Volatile.Read(ref _closing) == 0 && !Reader.HasEnded)
        {
            if (Interlocked.Increment(ref s_lingering) <= MostLingering)
            {
                await LingerAsync();
            }

            Interlocked.Decrement(ref s_lingering);
        }

        ShutDown(SocketShutdown.Both);
        Socket.Dispose();
        Closed();
        await Reader.ReleaseAsync();
        _closed.Dispose();
        await base.DisposeAsync();
    }

    /// <summary>
    /// The watch's look. Nothing reads from a connection while its request is answered, so one that has no read under way
    /// is given one: an end of file or a reset shows, and a next request that comes early just waits in the buffer. And a
    /// flush that waits while the client acknowledges nothing is ended: Kestrel's own measure adds up what the client took
    /// before and would wait for hours.
    /// </summary>
    internal void Look(long now, TimeSpan patience)
    {
        Reader.LookAhead();
        if (Reader.HasEnded && now - Reader.EndedAt >= HalfClosedTime)
        {
            Closed();
        }

        if (!Writer.IsFlushing)
        {
            _stalledSince = 0;
            return;
        }

        var acknowledged = AcknowledgedBytes.Of(Socket);
        if (_stalledSince == 0 || acknowledged != _acknowledged)
        {
            (_stalledSince, _acknowledged) = (now, acknowledged);
        }
        else if (now - _stalledSince >= patience.TotalMilliseconds)
        {
            Abort(new ConnectionAbortedException("the client takes nothing of its answer"));
        }
    }

    /// <summary>Says that the other side is gone or the connection broke.</summary>
    internal void Closed()
    {
        if (Interlocked.Exchange(ref _closing, 1) == 0)
        {
            // Not on the thread that noticed: what is registered there can be anything.
            ThreadPool.UnsafeQueueUserWorkItem(
                static closed =>
                {
                    try
                    {
                        closed.Cancel();
                    }
                    catch (Exception fault) when (fault is ObjectDisposedException or AggregateException)
                    {
                        // It was over already, or somebody who was told could not bear it: nothing to do for us.
                    }
                },
                _closed,
                preferLocal: false);
        }
    }

    /// <summary>
    /// A socket closed while the client still sends answers with a reset, and a reset makes the client throw away what it
    /// has not read yet: the 413 to an upload that is still under way. So our direction ends first; the socket is closed
    /// when the client has ended its own, or after a short while.
    /// </summary>
    private async ValueTask LingerAsync()
    {
        ShutDown(SocketShutdown.Send);
        await Reader.StopAsync();
        var waste = ArrayPool<byte>.Shared.Rent(4096);
        try
        {
            using var patience = new CancellationTokenSource(LingerTime);
            for (var total = 0; total < LingerBytes;)
            {
                var count = await Socket.ReceiveAsync(waste, SocketFlags.None, patience.Token);
                if (count == 0)
                {
                    return;
                }

                total += count;
            }
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Gone, or out of patience: either way it is closed now.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(waste);
        }
    }

    private void ResetOnClose()
    {
        try
        {
            Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
        }
    }

    private void ShutDown(SocketShutdown what)
    {
        try
        {
            Socket.Shutdown(what);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
        }
    }
}
