using System.Buffers.Binary;
using System.Net.Sockets;

namespace Skitai.Engine.Hosting.Transport;

/// <summary>What a client has taken of what it was sent, by TCP's own count.</summary>
internal static class AcknowledgedBytes
{
    private const int SolTcp = 6, TcpInfo = 11;

    /// <summary>Where struct tcp_info has tcpi_bytes_acked (Linux 4.1 and later).</summary>
    private const int BytesAcknowledgedAt = 120;

    /// <summary>The count; 0 when the socket is closed or no TCP socket.</summary>
    public static ulong Of(Socket socket)
    {
        try
        {
            Span<byte> info = stackalloc byte[BytesAcknowledgedAt + sizeof(ulong)];
            var length = socket.GetRawSocketOption(SolTcp, TcpInfo, info);
            return length < info.Length ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(info[BytesAcknowledgedAt..]);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            return 0;
        }
    }
}
