using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;

namespace Skitai.Engine.Hosting;

/// <summary>
/// The endpoint that clients connect to: Kestrel's own socket transport on a socket of ours, with a door to stop
/// accepting while what is accepted goes on. An inherited socket is shared with the successor that takes over: it is
/// closed, and never shut down or disconnected, which .NET may do to a socket it owns.
/// </summary>
internal sealed class ClientListener : IConnectionListenerFactory, IConnectionListenerFactorySelector, IConnectionListener
{
    private const int Backlog = 4096;

    private readonly SocketTransportFactory _transport;
    private readonly SafeFileHandle? _inherited;
    private readonly EndPoint _wanted;
    private readonly ConnectionGate _gate;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _acceptedLast = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IConnectionListener? _listener;
    private volatile bool _accepts;

    /// <summary>Takes a listening socket.</summary>
    /// <param name="inherited">Its descriptor; null = bind one.</param>
    /// <param name="wanted">Where to bind.</param>
    /// <param name="gate">Hears of each connection as soon as it is accepted.</param>
    /// <param name="loggers">For the transport.</param>
    public ClientListener(int? inherited, EndPoint wanted, ConnectionGate gate, ILoggerFactory loggers)
    {
        (_wanted, _gate) = (wanted, gate);
        _inherited = inherited is { } descriptor ? new SafeFileHandle(descriptor, ownsHandle: true) : null;
        _transport = new SocketTransportFactory(
            Options.Create(new SocketTransportOptions { Backlog = Backlog, CreateBoundListenSocket = CreateSocket }), loggers);
    }

    /// <inheritdoc/>
    public EndPoint EndPoint => _listener?.EndPoint ?? _wanted;

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => ReferenceEquals(endpoint, _wanted);

    /// <inheritdoc/>
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        _listener = await _transport.BindAsync(endpoint, cancellationToken);
        return this;
    }

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        _accepts = true;
        ConnectionContext? accepted = null;
        try
        {
            // Our own token: disposing a socket that is not owned does not wake a pending accept.
            accepted = await _listener!.AcceptAsync(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Unbound: no more of them.
        }

        if (accepted is null)
        {
            _acceptedLast.TrySetResult();
        }
        else
        {
            _gate.Accepted();
        }

        return accepted;
    }

    /// <summary>
    /// Stops accepting: what was accepted until now is served, what waits in the backlog is left to whoever shares the
    /// socket. The descriptor is closed when no accept is under way on it any more.
    /// </summary>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await _stop.CancelAsync();
        if (_accepts)
        {
            await _acceptedLast.Task.WaitAsync(cancellationToken);
        }

        if (_listener is not null)
        {
            await _listener.UnbindAsync(cancellationToken);
        }

        _inherited?.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        if (_listener is not null)
        {
            await _listener.DisposeAsync();
        }

        _inherited?.Dispose();
    }

    private Socket CreateSocket(EndPoint endpoint)
    {
        if (_inherited is not null)
        {
            return new Socket(new SafeSocketHandle(_inherited.DangerousGetHandle(), ownsHandle: false));
        }

        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            if (endpoint is IPEndPoint { Address: var address } && address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(endpoint);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
