using System.Net;
using System.Net.Sockets;

namespace Skitaid.FunctionalTests.Proxy;

/// <summary>A member on a free loopback port: accepts connections, and ends them with the test.</summary>
internal abstract class LoopbackMember : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _accepting;

    protected LoopbackMember()
    {
        _listener.Start(1024);
        Address = (IPEndPoint)_listener.LocalEndpoint;
        _accepting = AcceptAsync();
    }

    /// <summary>As a conf has it.</summary>
    public string Authority => Address.ToString();

    protected IPEndPoint Address { get; }

    public virtual async ValueTask DisposeAsync() => await EndAsync();

    /// <summary>Speaks with one client until that one leaves, or the test ends.</summary>
    protected abstract Task ServeAsync(NetworkStream client, CancellationToken ending);

    /// <summary>Accepts nothing more and ends what there is. May be called again.</summary>
    protected async Task EndAsync()
    {
        await _ending.CancelAsync(); // without a timer: nothing to dispose of
        _listener.Dispose();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        List<Task> serving = [];
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_ending.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await ServeAsync(client.GetStream(), _ending.Token);
            }
            catch (Exception gone) when (gone is IOException or OperationCanceledException or System.Net.WebSockets.WebSocketException)
            {
                // The other side has closed it, or the test is over.
            }
        }
    }
}
