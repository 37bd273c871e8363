using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;
using Microsoft.AspNetCore.Connections;

namespace Skitai.Engine.Hosting.Transport;

/// <summary>
/// A connection's input: a buffer that the socket fills when the reader wants more than it holds. So the
/// client is held back by TCP itself as soon as nobody reads.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "ReleaseAsync disposes it, once the socket is closed")]
internal sealed class SocketReader : PipeReader, IValueTaskSource<ReadResult>
{
    /// <summary>So many reads that find something at once are dealt with in a row on a thread that may be the one that polls the sockets.</summary>
    private const int MostAtOnce = 8;

    private readonly SocketConnection _connection;
    private readonly ReceiveArguments _arguments;
    private readonly Lock _lock = new();
    private ManualResetValueTaskSourceCore<ReadResult> _waiting;

    // All below under the lock.
    private ReceiveBuffer _input;
    private bool _receiving;
    private bool _readPending;
    private int _hadAtOnce;
    private bool _cancelled;
    private volatile bool _ended;
    private bool _stopped;
    private Exception? _fault;
    private CancellationToken _cancellation;
    private CancellationTokenRegistration _registration;
    private TaskCompletionSource? _idle;

    /// <summary>Whether the client has ended its side.</summary>
    internal bool HasEnded => _ended;

    /// <summary>When it did; of <see cref="Environment.TickCount64"/>.</summary>
    internal long EndedAt { get; private set; }

    public SocketReader(SocketConnection connection)
    {
        _connection = connection;
        _arguments = new ReceiveArguments(this);
    }

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (TryTakeResult(out var ready))
            {
                return new ValueTask<ReadResult>(ready);
            }

            Debug.Assert(!_readPending, "one read at a time");
            if (!_receiving && Receive() && TryTakeResult(out ready))
            {
                if (++_hadAtOnce <= MostAtOnce)
                {
                    return new ValueTask<ReadResult>(ready);
                }

                _hadAtOnce = 0;
                return new ValueTask<ReadResult>(GoOnInPoolAsync(ready));
            }

            _hadAtOnce = 0;
            _waiting.Reset();
            _waiting.RunContinuationsAsynchronously = false;
            _readPending = true;
            _cancellation = cancellationToken;
            if (cancellationToken.CanBeCanceled)
            {
                // Runs at once, on this thread and in this lock, when it is cancelled already: that is fine, too.
                _registration = cancellationToken.UnsafeRegister(static reader => ((SocketReader)reader!).OnCancelled(), this);
            }

            return new ValueTask<ReadResult>(this, _waiting.Version);
        }
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        lock (_lock)
        {
            return TryTakeResult(out result);
        }
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        lock (_lock)
        {
            _input.Advance(consumed, examined, _receiving);
        }
    }

    /// <inheritdoc/>
    public override void CancelPendingRead()
    {
        ReadResult result;
        lock (_lock)
        {
            if (!_readPending)
            {
                _cancelled = true;
                return;
            }

            _readPending = false;
            result = new ReadResult(_input.Unread, isCanceled: true, isCompleted: _ended);
        }

        _registration.Unregister();

        // Who cancels is a timer or a shutdown, under locks of its own: what follows is not its work.
        _waiting.RunContinuationsAsynchronously = true;
        _waiting.SetResult(result);
    }

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
    }

    /// <summary>Starts a read in nobody's name when none is under way, to see whether the client is still there.</summary>
    internal void LookAhead()
    {
        lock (_lock)
        {
            if (!_receiving && !_ended && !_stopped && _fault is null && !_readPending && !_input.IsFull)
            {
                Receive(makeRoom: false);
            }
        }
    }

    /// <summary>No read of ours is under way any more, and none begins: the socket's input is the caller's.</summary>
    internal Task StopAsync()
    {
        lock (_lock)
        {
            _stopped = true;
            if (!_receiving)
            {
                return Task.CompletedTask;
            }

            _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        // The look-ahead read still waits. It ends with the next bytes or with the client's end of file, or at the latest
        // when the caller runs out of patience and closes the socket.
        return Task.WhenAny(_idle.Task, Task.Delay(TimeSpan.FromSeconds(2)));
    }

    /// <summary>Gives the buffer back. The socket is closed by now, so a read under way ends at once.</summary>
    internal async ValueTask ReleaseAsync()
    {
        Task? idle = null;
        lock (_lock)
        {
            _stopped = true;
            if (_receiving)
            {
                _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                idle = _idle.Task;
            }
        }

        if (idle is not null)
        {
            await idle;
        }

        lock (_lock)
        {
            _input.Return();
        }

        _arguments.Dispose();
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => _waiting.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _waiting.GetStatus(token);

    void IValueTaskSource<ReadResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiting.OnCompleted(continuation, state, token, flags);

    /// <summary>
    /// A client that sends faster than we work is never waited for: without this it would keep the thread that polls the
    /// sockets, and everybody else's, to itself (<see cref="InlineCompletions"/>).
    /// </summary>
    private static async Task<ReadResult> GoOnInPoolAsync(ReadResult result)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return result;
    }

    private bool TryTakeResult(out ReadResult result)
    {
        if (_cancelled)
        {
            _cancelled = false;
            result = new ReadResult(_input.Unread, isCanceled: true, isCompleted: _ended);
            return true;
        }

        if (_input.HasNew || _ended)
        {
            result = new ReadResult(_input.Unread, isCanceled: false, isCompleted: _ended);
            return true;
        }

        if (_fault is { } fault)
        {
            throw fault;
        }

        result = default;
        return false;
    }

    /// <summary>Starts a receive; true when it is done already.</summary>
    private bool Receive(bool makeRoom = true)
    {
        _receiving = true;
        try
        {
            if (makeRoom || !_input.IsRented)
            {
                _input.MakeRoom(_connection.Socket);
            }

            _input.Offer(_arguments);
            if (_connection.Socket.ReceiveAsync(_arguments))
            {
                return false;
            }
        }
        catch (Exception fault) when (fault is ObjectDisposedException or SocketException)
        {
            _receiving = false;
            _fault = new ConnectionAbortedException();
            return true;
        }

        Take();
        return true;
    }

    /// <summary>Takes up what a receive brought.</summary>
    private void Take()
    {
        _receiving = false;
        if (_arguments.SocketError != SocketError.Success)
        {
            _fault = _arguments.SocketError is SocketError.ConnectionReset or SocketError.Shutdown
                ? new ConnectionResetException("the client reset the connection", new SocketException((int)_arguments.SocketError))
                : new ConnectionAbortedException("the connection broke", new SocketException((int)_arguments.SocketError));
            _connection.Closed();
        }
        else if (_arguments.BytesTransferred == 0)
        {
            EndedAt = Environment.TickCount64;
            _ended = true;
        }
        else
        {
            _input.Add(_arguments.BytesTransferred);
        }
    }

    private void OnReceived()
    {
        ReadResult result = default;
        Exception? fault = null;
        var complete = false;
        lock (_lock)
        {
            Take();
            _idle?.TrySetResult();
            if (_readPending)
            {
                _readPending = false;
                complete = true;
                try
                {
                    TryTakeResult(out result);
                }
                catch (Exception thrown) when (thrown == _fault)
                {
                    fault = thrown;
                }
            }
        }

        if (!complete)
        {
            return;
        }

        _registration.Unregister();
        if (fault is not null)
        {
            _waiting.SetException(fault);
        }
        else
        {
            _waiting.SetResult(result);
        }
    }

    /// <summary>The token of the read that waits was cancelled. What the socket brings later is for the next read.</summary>
    private void OnCancelled()
    {
        CancellationToken token;
        lock (_lock)
        {
            // May come late, from a read that has ended meanwhile: then the token of the one that waits says no.
            if (!_readPending || !_cancellation.IsCancellationRequested)
            {
                return;
            }

            _readPending = false;
            token = _cancellation;
        }

        _waiting.RunContinuationsAsynchronously = true;
        _waiting.SetException(new OperationCanceledException(token));
    }

    private sealed class ReceiveArguments(SocketReader reader) : SocketAsyncEventArgs(true)
    {
        protected override void OnCompleted(SocketAsyncEventArgs e) => reader.OnReceived();
    }
}
