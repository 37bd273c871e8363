using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Skitai.Engine.Hosting.Transport;

/// <summary>
/// The TCP side of Kestrel, our own: reads go straight from the socket into the parser's buffer and answers straight from
/// the writer's buffer to the socket, without the pipes and loops that Kestrel's stock transport puts in between; and a
/// file's bytes go out by sendfile (<see cref="IFileSendFeature"/>). This part accepts connections on a listening socket.
/// </summary>
internal sealed class SocketListener : IConnectionListener
{
    private readonly Socket _socket;
    private readonly AcceptTrouble _trouble;
    private readonly Action? _accepted;
    private readonly ClientWatch _watch;
    private readonly CancellationTokenSource _unbinding = new();
    private readonly Lock _lock = new();
    private bool _isAccepting, _isUnbound, _reserveTouched;
    private TaskCompletionSource? _acceptedLast;

    /// <summary>Takes a listening socket over.</summary>
    /// <param name="socket">It listens already.</param>
    /// <param name="patience">A client that takes nothing of its answer for so long is cut off.</param>
    /// <param name="trouble">Hears of connections that could not be accepted.</param>
    /// <param name="accepted">Called for each connection before it is handed out.</param>
    public SocketListener(Socket socket, TimeSpan patience, AcceptTrouble trouble, Action? accepted = null)
    {
        _socket = socket;
        _trouble = trouble;
        _accepted = accepted;
        _watch = new ClientWatch(patience);
        EndPoint = socket.LocalEndPoint!;
    }

    /// <inheritdoc/>
    public EndPoint EndPoint { get; }

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (_isUnbound)
            {
                return null;
            }

            _isAccepting = true;
        }

        try
        {
            var connection = await AcceptNextAsync();
            if (connection is not null)
            {
                _accepted?.Invoke();
            }

            return connection;
        }
        finally
        {
            lock (_lock)
            {
                _isAccepting = false;
                _acceptedLast?.TrySetResult();
            }
        }
    }

    /// <summary>
    /// Stops accepting, and closes the socket when no accept is under way any more: one that the kernel had completed
    /// already would be lost with its connection. The socket is shared with the supervisor and with a successor, so it is
    /// only closed here, never shut down: its queue of connections lives on.
    /// </summary>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        Task? last = null;
        lock (_lock)
        {
            _isUnbound = true;
            if (_isAccepting)
            {
                _acceptedLast ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                last = _acceptedLast.Task;
            }
        }

        await _unbinding.CancelAsync();
        if (last is not null)
        {
            await last.WaitAsync(cancellationToken);
        }

        _socket.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        _watch.Dispose();
    }

    private async ValueTask<SocketConnection?> AcceptNextAsync()
    {
        while (true)
        {
            Socket? accepted = null;
            if (_reserveTouched && !await WaitForDescriptorsAsync())
            {
                return null;
            }

            try
            {
                accepted = await _socket.AcceptAsync(_unbinding.Token);
                accepted.NoDelay = true;
                _reserveTouched = DescriptorReserve.IsTouchedBy(accepted.SafeHandle);
                var connection = new SocketConnection(accepted, _watch);
                _watch.Add(connection);
                return connection;
            }
            catch (OperationCanceledException)
            {
                return null;
            }
            catch (ObjectDisposedException)
            {
                return null;
            }
            catch (SocketException fault) when (fault.SocketErrorCode == SocketError.OperationAborted)
            {
                return null;
            }
            catch (SocketException fault)
            {
                accepted?.Dispose();
                if (accepted is null && !AcceptTrouble.IsOfOneConnection(fault) && !await RestAsync(fault))
                {
                    return null;
                }
            }
        }
    }

    /// <summary>Accepts nothing while that would take of the <see cref="DescriptorReserve"/>. False when it is unbound meanwhile.</summary>
    private async ValueTask<bool> WaitForDescriptorsAsync()
    {
        while (!_unbinding.IsCancellationRequested && DescriptorReserve.IsReached(_socket.SafeHandle))
        {
            if (!await RestAsync(new SocketException((int)SocketError.TooManyOpenSockets)))
            {
                return false;
            }
        }

        _reserveTouched = false;
        return true;
    }

    /// <summary>Out of descriptors or memory: the next try would fail at once again. False when it is unbound meanwhile.</summary>
    private async ValueTask<bool> RestAsync(SocketException fault)
    {
        _trouble.Report(fault);
        try
        {
            await Task.Delay(AcceptTrouble.Rest, _unbinding.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
