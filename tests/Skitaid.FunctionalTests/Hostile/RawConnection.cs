using System.Net.Sockets;
using System.Text;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Hostile;

/// <summary>Bytes out, bytes in.</summary>
public sealed class RawConnection(Socket socket) : IDisposable
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Sends; a server that has hung up already is no error.</summary>
    public async Task SendAsync(string latin1) => await SendAsync(Encoding.Latin1.GetBytes(latin1));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await socket.SendAsync(bytes, SocketFlags.None, Cancellation).AsTask().WaitAsync(TestDaemon.Deadline, Cancellation);
        }
        catch (SocketException)
        {
        }
    }

    public void EndSending() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Some bytes; 0 = the server has closed or reset.</summary>
    public async Task<int> ReceiveAsync(Memory<byte> buffer)
    {
        try
        {
            return await socket.ReceiveAsync(buffer, SocketFlags.None, Cancellation).AsTask().WaitAsync(TestDaemon.Deadline, Cancellation);
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    /// <summary>Everything until the server closes.</summary>
    public async Task<string> ReadToEndAsync()
    {
        var all = new StringBuilder();
        var buffer = new byte[65536];
        int count;
        while ((count = await ReceiveAsync(buffer)) > 0)
        {
            all.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }

        return all.ToString();
    }

    /// <summary>Whether the server reset or closed the connection, as the kernel sees it without reading.</summary>
    public async Task WaitUntilCutAsync() => await TestDaemon.WaitAsync("the server cut the connection", () =>
    {
        // Unread bytes may be before the end: only an error or a hang-up of both sides says it.
        return socket.Poll(0, SelectMode.SelectError) || !IsEstablished();
    });

    public void Dispose() => socket.Dispose();

    private bool IsEstablished()
    {
        Span<byte> info = stackalloc byte[8];
        socket.GetRawSocketOption(6, 11, info);
        return info[0] == 1;
    }
}
