using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Skitaid.FunctionalTests.Proxy.Commands;

/// <summary>A member of a cluster that answers every request with its name; /held only when it is told to.</summary>
internal sealed class NamedMember : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _name;
    private readonly string _fields;
    private readonly Task _accepting;
    private Socket? _place;
    private int _requests;
    private int _held;

    /// <summary>Begins to answer.</summary>
    /// <param name="name">The body of its answers.</param>
    /// <param name="fields">Lines of the answers' header sections, each with its line end.</param>
    public NamedMember(string name, string fields = "")
    {
        (_name, _fields) = (name, fields);
        _listener.Start();
        Authority = _listener.LocalEndpoint.ToString()!;
        _accepting = AcceptAsync();
    }

    /// <summary>As a conf has it.</summary>
    public string Authority { get; }

    /// <summary>Requests that it has read so far.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Requests for /held that wait.</summary>
    public int Held => Volatile.Read(ref _held);

    /// <summary>Answers what is held.</summary>
    public void LetGo() => _letGo.TrySetResult();

    /// <summary>Refuses connections from here on. The port stays its own: nobody else is to answer there.</summary>
    public async Task RefuseAsync()
    {
        var place = (IPEndPoint)_listener.LocalEndpoint;
        await EndAsync();
        _place = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _place.Bind(place);
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _place?.Dispose();
    }

    private async Task EndAsync()
    {
        await _ending.CancelAsync(); // without a timer: nothing to dispose of, and it may be called again
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
                using var reader = new StreamReader(client.GetStream(), Encoding.Latin1);
                while (await reader.ReadLineAsync(_ending.Token) is { } request)
                {
                    while (await reader.ReadLineAsync(_ending.Token) is { Length: > 0 })
                    {
                        // Requests here have no body.
                    }

                    Interlocked.Increment(ref _requests);
                    if (request.Contains("/held", StringComparison.Ordinal))
                    {
                        Interlocked.Increment(ref _held);
                        await _letGo.Task.WaitAsync(_ending.Token);
                        Interlocked.Decrement(ref _held);
                    }

                    await client.GetStream().WriteAsync(
                        Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {_name.Length}\r\n{_fields}\r\n{_name}"), _ending.Token);
                }
            }
            catch (Exception gone) when (gone is IOException or OperationCanceledException)
            {
                // The proxy has closed it, or the test is over.
            }
        }
    }
}
