namespace Skitai.Engine.Hosting.Transport;

/// <summary>
/// Notices clients that leave while their request is being answered. Nothing reads from a connection then, so about each
/// second every connection that has no read under way is given one: an end of file or a reset shows, and a next request
/// that comes early just waits in the buffer. Short requests never pay for it.
/// </summary>
internal sealed class GoneClientWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private readonly HashSet<SocketConnection> _connections = [];
    private readonly Timer _timer;
    private SocketConnection[] _snapshot = [];

    public GoneClientWatch() => _timer = new Timer(static state => ((GoneClientWatch)state!).Sweep(), this, Interval, Interval);

    public void Add(SocketConnection connection)
    {
        lock (_lock)
        {
            _connections.Add(connection);
        }
    }

    public void Remove(SocketConnection connection)
    {
        lock (_lock)
        {
            _connections.Remove(connection);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Sweep()
    {
        int count;
        lock (_lock)
        {
            count = _connections.Count;
            if (_snapshot.Length < count)
            {
                _snapshot = new SocketConnection[count * 2];
            }

            _connections.CopyTo(_snapshot);
        }

        for (var i = 0; i < count; i++)
        {
            _snapshot[i].Reader.LookAhead();
        }

        Array.Clear(_snapshot, 0, count);
    }
}
