using System.Buffers;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Upstream.Http1;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>
/// Carries bytes both ways between a client and a member whose connection has been upgraded (RFC 9110 section 7.8). A client
/// that has ended its side still gets what the member says to that. When the instance drains, a WebSocket's client is told so
/// (1001, going away) between two frames, and what it answers still reaches the member; what speaks another protocol is ended.
/// </summary>
internal sealed class Tunnel : IAsyncDisposable
{
    private const int Piece = 16 * 1024;

    /// <summary>How long the last words of one side may take once the other has ended.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    // A Close frame from a server: FIN and opcode 8; two bytes without a mask; 1001 (RFC 6455 sections 5.5.1 and 7.4.1).
    private static readonly byte[] GoingAway = [0x88, 0x02, 0x03, 0xE9];

    private readonly Exchange _exchange;
    private readonly Stream _client;
    private readonly Stream _member;
    private readonly TimeSpan _idle;
    private readonly bool _isWebSocket;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource<bool> _leave = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _clientTurn = new(1);
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private WebSocketFrames _frames;
    private bool _isLeaving;
    private bool _saidGoodbye;
    private bool _isHurried;
    private long _movedAt;
    private int _end;

    /// <summary>Makes it; <see cref="RunAsync"/> is next.</summary>
    /// <param name="exchange">Whose bytes are counted.</param>
    /// <param name="client">The client's side.</param>
    /// <param name="member">The member's side.</param>
    /// <param name="isWebSocket">Whether they speak WebSocket.</param>
    /// <param name="idle">How long neither may send anything; zero = for ever.</param>
    /// <param name="time">The clock.</param>
    public Tunnel(Exchange exchange, Stream client, Stream member, bool isWebSocket, TimeSpan idle, TimeProvider time)
    {
        (_exchange, _client, _member, _isWebSocket, _idle, _time) = (exchange, client, member, isWebSocket, idle, time);
        _timer = time.CreateTimer(static tunnel => ((Tunnel)tunnel!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Carries on until one side has ended and the other had its last word, or nothing has moved for too long.</summary>
    /// <param name="clientGone">The client's connection is over.</param>
    /// <param name="draining">The instance is to end.</param>
    public async Task<TunnelEnd> RunAsync(CancellationToken clientGone, CancellationToken draining)
    {
        _movedAt = _time.GetTimestamp();
        if (_idle > TimeSpan.Zero)
        {
            _timer.Change(_idle, Timeout.InfiniteTimeSpan);
        }

        await using var gone = clientGone.UnsafeRegister(static tunnel => ((Tunnel)tunnel!).OnClientGone(), this);
        await using var drain = draining.UnsafeRegister(static tunnel => ((Tunnel)tunnel!)._leave.TrySetResult(true), this);
        var leaving = LeaveAsync();
        await Task.WhenAll(CarryUpAsync(), CarryDownAsync());
        _leave.TrySetResult(false);
        await leaving;
        return (TunnelEnd)_end;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        _over.Dispose();
        _clientTurn.Dispose();
    }

    private static bool IsLoss(Exception exception) =>
        exception is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException;

    private async Task CarryUpAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Piece);
        var because = TunnelEnd.Client;
        try
        {
            while (await _client.ReadAsync(buffer, _over.Token) is > 0 and var count)
            {
                _exchange.BytesReceived += count;
                _movedAt = _time.GetTimestamp();
                because = TunnelEnd.MemberLost;
                await _member.WriteAsync(buffer.AsMemory(0, count), _over.Token);
                because = TunnelEnd.Client;
            }

            End(because);
            Hurry(); // over TLS a member that takes nothing would keep the next line waiting
            if (_member is Http1Tunnel member)
            {
                await member.EndSendingAsync(_over.Token);
            }
        }
        catch (Exception lost) when (IsLoss(lost))
        {
            End(because);
            Cut();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task CarryDownAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Piece);
        var because = TunnelEnd.MemberLost;
        try
        {
            while (await _member.ReadAsync(buffer, _over.Token) is > 0 and var count)
            {
                _movedAt = _time.GetTimestamp();
                because = TunnelEnd.Client;
                await GiveClientAsync(buffer.AsMemory(0, count));
                because = TunnelEnd.MemberLost;
            }

            because = TunnelEnd.Member;
        }
        catch (Exception lost) when (IsLoss(lost))
        {
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            End(because);
            Cut(); // Kestrel's stream cannot end one direction alone
        }
    }

    private async ValueTask GiveClientAsync(ReadOnlyMemory<byte> bytes)
    {
        await _clientTurn.WaitAsync(_over.Token);
        try
        {
            if (_saidGoodbye)
            {
                return;
            }

            if (_isWebSocket)
            {
                bytes = bytes[.._frames.Take(bytes.Span, stops: _isLeaving)];
            }

            _exchange.BytesSent += bytes.Length;
            await _client.WriteAsync(bytes, _over.Token);
            await SayGoodbyeAsync();
            await _client.FlushAsync(_over.Token);
        }
        finally
        {
            _clientTurn.Release();
        }
    }

    private async Task LeaveAsync()
    {
        if (!await _leave.Task)
        {
            return;
        }

        End(TunnelEnd.Drained);
        if (!_isWebSocket)
        {
            Cut();
            return;
        }

        Hurry();
        try
        {
            await _clientTurn.WaitAsync(_over.Token);
            try
            {
                _isLeaving = true;
                await SayGoodbyeAsync();
                await _client.FlushAsync(_over.Token);
            }
            finally
            {
                _clientTurn.Release();
            }
        }
        catch (Exception lost) when (IsLoss(lost))
        {
            // It was over just then.
        }
    }

    private async ValueTask SayGoodbyeAsync()
    {
        if (_isLeaving && _frames is { IsBetweenFrames: true, HasClosed: false })
        {
            _saidGoodbye = true;
            _exchange.BytesSent += GoingAway.Length;
            await _client.WriteAsync(GoingAway, _over.Token);
        }
    }

    private void OnClientGone()
    {
        End(TunnelEnd.Client);
        Hurry(); // the member still gets what was read
    }

    /// <summary>Only the last words are waited for.</summary>
    private void Hurry()
    {
        lock (_gate)
        {
            if (!_isHurried)
            {
                _isHurried = true;
                _timer.Change(Linger, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void Look()
    {
        lock (_gate)
        {
            var silent = _time.GetElapsedTime(_movedAt);
            if (!_isHurried && silent < _idle)
            {
                _timer.Change(_idle - silent, Timeout.InfiniteTimeSpan);
                return;
            }
        }

        End(TunnelEnd.Silence);
        Cut();
    }

    private void End(TunnelEnd because) => Interlocked.CompareExchange(ref _end, (int)because, (int)TunnelEnd.None);

    private void Cut()
    {
        try
        {
            _over.Cancel();
        }
        catch (AggregateException)
        {
            // Somebody who was told could not bear it. This may be a timer's thread: nothing may get out.
        }
    }
}
