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
    private readonly CancellationTokenSource _unbound = new();
    private readonly GoneClientWatch _watch = new();

    public SocketListener(Socket socket)
    {
        _socket = socket;
        EndPoint = socket.LocalEndPoint!;
    }

    /// <inheritdoc/>
    public EndPoint EndPoint { get; }

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                var accepted = await _socket.AcceptAsync(_unbound.Token);
                accepted.NoDelay = true;
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
            catch (SocketException)
            {
                // The client was gone before it was accepted, or we are out of descriptors: the next one may do better.
                // In the second case accept fails at once again; do not spin.
                await Task.Delay(10, CancellationToken.None);
            }
        }
    }

    /// <summary>
    /// Stops accepting. The socket is shared with the supervisor and with a successor, so it is only closed here, never
    /// shut down: its queue of connections lives on.
    /// </summary>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _unbound.Cancel();
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _unbound.Cancel();
        _socket.Dispose();
        _watch.Dispose();
        return ValueTask.CompletedTask;
    }
}
