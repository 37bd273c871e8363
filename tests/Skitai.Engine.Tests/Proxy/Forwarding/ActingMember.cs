using System.Net;
using System.Net.Sockets;
using Skitai.Engine.Tests.Proxy.Upstream;
using Peer = Skitai.Engine.Tests.Proxy.Upstream.ScriptedMember.Peer;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>A member that does the same with every request, and counts those that arrive.</summary>
internal sealed class ActingMember : IAsyncDisposable
{
    private readonly ScriptedMember _member = new();
    private readonly CancellationTokenSource _over = new();
    private readonly List<Task> _peers = [];
    private readonly Task _accepting;
    private int _arrivals;
    private int _connections;

    public ActingMember(Func<Peer, string, Task> act) => _accepting = AcceptAsync(act);

    public IPEndPoint Address => _member.Address;

    /// <summary>Connections that were made.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Requests whose header section has arrived.</summary>
    public int Arrivals => Volatile.Read(ref _arrivals);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _member.Dispose();
        await _accepting;
        await Task.WhenAll(_peers);
        _over.Dispose();
    }

    private async Task AcceptAsync(Func<Peer, string, Task> act)
    {
        try
        {
            while (!_over.IsCancellationRequested)
            {
                _peers.Add(ServeAsync(await _member.AcceptAsync().WaitAsync(_over.Token), act));
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or TimeoutException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(Peer peer, Func<Peer, string, Task> act)
    {
        Interlocked.Increment(ref _connections);
        using (peer)
        {
            try
            {
                while (true)
                {
                    var head = await peer.ReadHeadAsync().WaitAsync(_over.Token);
                    Interlocked.Increment(ref _arrivals);
                    await act(peer, head).WaitAsync(_over.Token);
                }
            }
            catch (Exception end) when (end is OperationCanceledException or SocketException or InvalidDataException or TimeoutException or ObjectDisposedException)
            {
            }
        }
    }
}
