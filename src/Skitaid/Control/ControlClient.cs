using System.Net.Sockets;

namespace Skitaid.Control;

/// <summary>A command's way to the running daemon.</summary>
internal static class ControlClient
{
    /// <summary>Asks the daemon; null when none is there.</summary>
    /// <exception cref="IOException">It is there and does not answer.</exception>
    /// <exception cref="UnauthorizedAccessException">It is another user's.</exception>
    public static async Task<ControlReply?> AskAsync(string path, ControlRequest request, CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
        }
        catch (SocketException failure) when (failure.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new UnauthorizedAccessException($"no permission to use {path}: the daemon is another user's", failure);
        }
        catch (SocketException)
        {
            return null; // no such file, or a stale one
        }

        using var lines = new JsonLines(socket, maxLine: 16 * 1024 * 1024);
        await lines.WriteAsync(request, ControlJson.Default.ControlRequest, cancellation);
        try
        {
            return await lines.ReadAsync(ControlJson.Default.ControlReply, cancellation)
                ?? throw new IOException("the daemon ended the connection without an answer: see skitaid.log");
        }
        catch (InvalidDataException failure)
        {
            throw new IOException("the daemon's answer makes no sense: " + failure.Message, failure);
        }
    }
}
