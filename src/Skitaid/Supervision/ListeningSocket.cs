using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Skitai.Configuration.Settings;

namespace Skitaid.Supervision;

/// <summary>
/// An instance's listening socket. The supervisor holds it from start to end and each process of the instance gets a
/// copy: connections wait in its backlog whatever happens to the processes.
/// </summary>
internal sealed class ListeningSocket : IDisposable
{
    private const int Backlog = 4096; // the kernel takes net.core.somaxconn when that is less
    private readonly Socket _socket;

    private ListeningSocket(Socket socket, IPEndPoint address)
    {
        _socket = socket;
        Address = address;
    }

    /// <summary>What it is bound to.</summary>
    public IPEndPoint Address { get; }

    /// <summary>To be handed to a child.</summary>
    public SafeHandle Handle => _socket.SafeHandle;

    /// <summary>Binds the address of a conf and listens.</summary>
    /// <exception cref="IOException">It cannot be had; the message is one line naming the conf and the key.</exception>
    public static ListeningSocket Bind(InstanceSettings settings)
    {
        var address = AddressOf(settings);
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true; // `ip = ::` means every address of the machine
            }

            // .NET sets SO_REUSEADDR by itself. Its own ReuseAddress option would add SO_REUSEPORT, and with that a
            // second daemon could take half of our connections unnoticed.
            socket.Bind(address);
            socket.Listen(Backlog);
            return new ListeningSocket(socket, address);
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            throw new IOException($"{Path.GetFileName(settings.ConfPath)}: [server] {Explain(failure, address)}", failure);
        }
    }

    /// <summary>The address that a conf names.</summary>
    public static IPEndPoint AddressOf(InstanceSettings settings) => new(settings.Server.Ip, settings.Server.Port);

    /// <summary>What a conf's port speaks: <c>http</c> or <c>https</c>.</summary>
    public static string SchemeOf(InstanceSettings settings) => settings.Ssl is null ? "http" : "https";

    /// <summary>The address that a conf names, as a URL without a path.</summary>
    public static string UrlOf(InstanceSettings settings) => $"{SchemeOf(settings)}://{AddressOf(settings)}";

    public void Dispose() => _socket.Dispose();

    private static string Explain(SocketException failure, IPEndPoint address) => failure.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => $"port: {address} is in use by another program (ss -ltnp sport = :{address.Port} shows which)",
        SocketError.AccessDenied => $"port: {address.Port} is below 1024: only root may listen there",
        SocketError.AddressNotAvailable => $"ip: {address.Address} is no address of this machine",
        SocketError.AddressFamilyNotSupported => $"ip: this machine speaks no IPv6, so not {address.Address} either",
        _ => $"ip, port: cannot listen on {address}: {failure.Message}",
    };
}
