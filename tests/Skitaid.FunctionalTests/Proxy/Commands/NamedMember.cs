using System.Net.Sockets;
using System.Text;

namespace Skitaid.FunctionalTests.Proxy.Commands;

/// <summary>A member of a cluster that answers every request with its name; /held only when it is told to.</summary>
internal sealed class NamedMember : LoopbackMember
{
    private readonly TaskCompletionSource _letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _name;
    private readonly string _fields;
    private Socket? _place;
    private int _requests;
    private int _held;

    /// <summary>Begins to answer.</summary>
    /// <param name="name">The body of its answers.</param>
    /// <param name="fields">Lines of the answers' header sections, each with its line end.</param>
    public NamedMember(string name, string fields = "") => (_name, _fields) = (name, fields);

    /// <summary>Requests that it has read so far.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Requests for /held that wait.</summary>
    public int Held => Volatile.Read(ref _held);

    /// <summary>Answers what is held.</summary>
    public void LetGo() => _letGo.TrySetResult();

    /// <summary>Refuses connections from here on. The port stays its own: nobody else is to answer there.</summary>
    public async Task RefuseAsync()
    {
        await EndAsync();
        _place = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _place.Bind(Address);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _place?.Dispose();
    }

    protected override async Task ServeAsync(NetworkStream client, CancellationToken ending)
    {
        using var reader = new StreamReader(client, Encoding.Latin1);
        while (await reader.ReadLineAsync(ending) is { } request)
        {
            while (await reader.ReadLineAsync(ending) is { Length: > 0 })
            {
                // Requests here have no body.
            }

            Interlocked.Increment(ref _requests);
            if (request.Contains("/held", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _held);
                await _letGo.Task.WaitAsync(ending);
                Interlocked.Decrement(ref _held);
            }

            await client.WriteAsync(
                Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {_name.Length}\r\n{_fields}\r\n{_name}"), ending);
        }
    }
}
