using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Skitai.Engine.Hosting.Transport;

/// <summary>
/// The TCP side of Kestrel, our own: reads go straight from the socket into the parser's buffer and answers straight from
/// the writer's buffer to the socket, without the pipes and the loop threads that Kestrel's stock transport puts in
/// between; and a file's bytes go out by sendfile (<see cref="IFileSendFeature"/>).
/// </summary>
internal sealed class SocketTransport : IConnectionListenerFactory
{
    /// <summary>Connections that came while the process was busy wait here; the kernel caps it at net.core.somaxconn.</summary>
    private const int Backlog = 4096;

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = endpoint switch
        {
            FileHandleEndPoint inherited => new Socket(new SafeSocketHandle((nint)inherited.FileHandle, ownsHandle: true)),
            IPEndPoint address => Listen(address),
            _ => throw new NotSupportedException($"cannot listen on {endpoint}"),
        };
        return ValueTask.FromResult<IConnectionListener>(new SocketListener(socket));
    }

    private static Socket Listen(IPEndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(address);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException fault) when (fault.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            socket.Dispose();
            throw new AddressInUseException(fault.Message, fault);
        }
    }
}
