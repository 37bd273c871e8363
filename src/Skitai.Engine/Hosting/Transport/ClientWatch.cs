namespace Skitai.Engine.Hosting.Transport;

/// <summary>
/// Looks at every connection twice a second (<see cref="SocketConnection.Look"/>): for clients that leave while their
/// request is answered, and for clients that take nothing of an answer. Short requests never pay for it.
/// </summary>
internal sealed class ClientWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private readonly HashSet<SocketConnection> _connections = [];
    private readonly TimeSpan _patience;
    private readonly Timer _timer;
    private SocketConnection[] _snapshot = [];
    private int _looking;

    /// <summary>Begins to look.</summary>
    /// <param name="patience">A client that acknowledges nothing for so long, while bytes wait for it, is cut off.</param>
    public ClientWatch(TimeSpan patience)
    {
        _patience = patience;
        _timer = new Timer(static state => ((ClientWatch)state!).Sweep(), this, Interval, Interval);
    }

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
        // The timer does not wait for a sweep that takes long.
        if (Interlocked.Exchange(ref _looking, 1) != 0)
        {
            return;
        }

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

        var now = Environment.TickCount64;
        for (var i = 0; i < count; i++)
        {
            _snapshot[i].Look(now, _patience);
        }

        Array.Clear(_snapshot, 0, count);
        Volatile.Write(ref _looking, 0);
    }
}
