using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Win32.SafeHandles;
using Skitai.Engine.Hosting.Transport;

namespace Skitai.Engine.Hosting;

/// <summary>
/// The endpoint that clients connect to: our socket transport on a socket of ours, with a door to stop accepting while
/// what is accepted goes on. An inherited socket is shared with the successor that takes over: it is
/// closed, and never shut down or disconnected, which .NET may do to a socket it owns.
/// </summary>
internal sealed class ClientListener : IConnectionListenerFactory, IConnectionListenerFactorySelector, IConnectionListener
{
    private const int Backlog = 4096;

    private readonly SafeFileHandle? _inherited;
    private readonly EndPoint _wanted;
    private readonly ConnectionGate _gate;
    private readonly TimeSpan _patience;
    private readonly AcceptTrouble _trouble;
    private SocketListener? _listener;

    /// <summary>Takes a listening socket.</summary>
    /// <param name="inherited">Its descriptor; null = bind one.</param>
    /// <param name="wanted">Where to bind.</param>
    /// <param name="gate">Hears of each connection as soon as it is accepted.</param>
    /// <param name="patience">A client that takes nothing of its answer for so long is cut off.</param>
    /// <param name="trouble">Hears of connections that could not be accepted.</param>
    public ClientListener(int? inherited, EndPoint wanted, ConnectionGate gate, TimeSpan patience, AcceptTrouble trouble)
    {
        (_wanted, _gate, _patience, _trouble) = (wanted, gate, patience, trouble);
        _inherited = inherited is { } descriptor ? new SafeFileHandle(descriptor, ownsHandle: true) : null;
    }

    /// <inheritdoc/>
    public EndPoint EndPoint => _listener?.EndPoint ?? _wanted;

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => ReferenceEquals(endpoint, _wanted);

    /// <inheritdoc/>
    /// <exception cref="AddressInUseException">Somebody else listens there.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        _listener = new SocketListener(CreateSocket(endpoint), _patience, _trouble, _gate.Accepted);
        return ValueTask.FromResult<IConnectionListener>(this);
    }

    /// <inheritdoc/>
    public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        _listener!.AcceptAsync(cancellationToken);

    /// <summary>
    /// Stops accepting: what was accepted until now is served, what waits in the backlog is left to whoever shares the
    /// socket. The descriptor is closed when no accept is under way on it any more.
    /// </summary>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
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
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException fault) when (fault.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            socket.Dispose();
            throw new AddressInUseException(fault.Message, fault);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
