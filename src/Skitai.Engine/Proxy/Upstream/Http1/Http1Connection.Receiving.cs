using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace Skitai.Engine.Proxy.Upstream.Http1;

/// <content>What comes from the member.</content>
internal sealed partial class Http1Connection : IValueTaskSource<Http1Connection.Received>
{
    /// <summary>Most answers fit.</summary>
    private const int SmallInput = 16 * 1024;
    private const int LargeInput = 64 * 1024;

    /// <summary>So many receives that bring something at once are dealt with in a row on a thread that may be the one that polls the sockets.</summary>
    private const int MostReceivedAtOnce = 8;

    /// <summary>What a receive brought.</summary>
    internal enum Received : byte
    {
        /// <summary>More bytes.</summary>
        Bytes,

        /// <summary>The member's end of file.</summary>
        End,

        /// <summary>The connection broke, or we closed it.</summary>
        Broken,
    }

    private readonly ReceiveArguments _receiving;
    private ManualResetValueTaskSourceCore<Received> _received;
    private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _tlsReceive;
    private Action? _onTlsReceived;

    // The flow's: [_start, _end) of _input is not used up.
    private byte[] _input = ArrayPool<byte>.Shared.Rent(SmallInput);
    private int _start;
    private int _end;
    private int _receivedAtOnce;
    private bool _wantsLarge;

    // Under the lock.
    private bool _isReceiving;
    private bool _isAwaited;
    private bool _hasOutcome;
    private Received _outcome;
    private int _outcomeBytes;

    Received IValueTaskSource<Received>.GetResult(short token) => _received.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<Received>.GetStatus(short token) => _received.GetStatus(token);

    void IValueTaskSource<Received>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _received.OnCompleted(continuation, state, token, flags);

    /// <summary>Waits for more; the flow's only.</summary>
    private ValueTask<Received> ReceiveAsync()
    {
        lock (_lock)
        {
            if (!_isReceiving && !_hasOutcome)
            {
                if (_state == State.Closed)
                {
                    return new ValueTask<Received>(Received.Broken);
                }

                StartReceive();
            }

            if (_hasOutcome)
            {
                var outcome = TakeOutcome();
                if (++_receivedAtOnce <= MostReceivedAtOnce)
                {
                    return new ValueTask<Received>(outcome);
                }

                // A member that sends faster than we work must not keep the thread that polls the sockets to itself.
                _receivedAtOnce = 0;
                return GoOnInPoolAsync(outcome);
            }

            _receivedAtOnce = 0;
            _isAwaited = true;
            _received.Reset();
            return new ValueTask<Received>(this, _received.Version);
        }
    }

    private static async ValueTask<Received> GoOnInPoolAsync(Received outcome)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return outcome;
    }

    /// <summary>Starts a receive; it may be done at once. Under the lock.</summary>
    private void StartReceive()
    {
        MakeRoom();
        _isReceiving = true;
        try
        {
            if (_tls is not null)
            {
                StartTlsReceive(_tls);
                return;
            }

            _receiving.SetBuffer(_input, _end, _input.Length - _end);
            if (!_socket.ReceiveAsync(_receiving))
            {
                SetOutcome(_receiving.SocketError == SocketError.Success ? _receiving.BytesTransferred : -1);
            }
        }
        catch (Exception fault) when (fault is ObjectDisposedException or SocketException or IOException or InvalidOperationException)
        {
            SetOutcome(-1);
        }
    }

    private void StartTlsReceive(Stream tls)
    {
#pragma warning disable CA2012 // Its awaiter is used once, by whoever finds it complete.
        _tlsReceive = tls.ReadAsync(_input.AsMemory(_end)).ConfigureAwait(false).GetAwaiter();
#pragma warning restore CA2012
        if (_tlsReceive.IsCompleted)
        {
            SetOutcome(_tlsReceive.GetResult());
        }
        else
        {
            _tlsReceive.UnsafeOnCompleted(_onTlsReceived ??= OnTlsReceived);
        }
    }

    private void OnTlsReceived()
    {
        int count;
        try
        {
            count = _tlsReceive.GetResult();
        }
#pragma warning disable CA1031 // Nobody is above: whatever TLS throws means that the connection is lost.
        catch (Exception)
#pragma warning restore CA1031
        {
            count = -1;
        }

        OnReceived(count);
    }

    private void SetOutcome(int count)
    {
        _isReceiving = false;
        _hasOutcome = true;
        (_outcome, _outcomeBytes) = count switch
        {
            > 0 => (Received.Bytes, count),
            0 => (Received.End, 0),
            _ => (Received.Broken, 0),
        };
    }

    /// <summary>A receive is done.</summary>
    /// <param name="count">Bytes; 0 = end of file; negative = it failed.</param>
    private void OnReceived(int count)
    {
        Received outcome;
        lock (_lock)
        {
            SetOutcome(count);
            if (!_isAwaited)
            {
                if (_state == State.Busy)
                {
                    return; // The flow will ask.
                }

                if (_state == State.Idle)
                {
                    _state = State.Closed;
                    goto closed;
                }

                goto free;
            }

            _isAwaited = false;
            outcome = TakeOutcome();
        }

        _received.SetResult(outcome);
        return;

    closed:
        Close();
        return;

    free:
        Free();
    }

    private Received TakeOutcome()
    {
        if (_outcome == Received.Bytes)
        {
            _hasOutcome = false;
            _end += _outcomeBytes;
            _wantsLarge = _end == _input.Length;
        }

        return _outcome; // An end stays.
    }

    private void MakeRoom()
    {
        if (_start == _end)
        {
            _start = _end = 0;
            if (_wantsLarge && _input.Length < LargeInput)
            {
                ArrayPool<byte>.Shared.Return(_input);
                _input = ArrayPool<byte>.Shared.Rent(LargeInput);
            }

            return;
        }

        if (_end < _input.Length)
        {
            return;
        }

        // Full, and what is there cannot be used without more: a header line, a chunk's size.
        var unread = _end - _start;
        var target = unread > _input.Length / 2 ? ArrayPool<byte>.Shared.Rent(_input.Length * 4) : _input;
        Buffer.BlockCopy(_input, _start, target, 0, unread);
        if (target != _input)
        {
            ArrayPool<byte>.Shared.Return(_input);
            _input = target;
        }

        (_start, _end) = (0, unread);
    }

    /// <summary>An idle connection holds on to little.</summary>
    private void ShrinkInput()
    {
        _start = _end = 0;
        _wantsLarge = false;
        if (_input.Length > SmallInput)
        {
            ArrayPool<byte>.Shared.Return(_input);
            _input = ArrayPool<byte>.Shared.Rent(SmallInput);
        }
    }

    private void ReturnInput()
    {
        var input = _input;
        _input = [];
        ArrayPool<byte>.Shared.Return(input);
    }

    private sealed class ReceiveArguments(Http1Connection connection) : SocketAsyncEventArgs(true)
    {
        protected override void OnCompleted(SocketAsyncEventArgs e) =>
            connection.OnReceived(SocketError == SocketError.Success ? BytesTransferred : -1);
    }
}
