using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Skitaid.Commands;
using Skitaid.Supervision;

namespace Skitaid.Control;

/// <summary>
/// The control socket's daemon side: one JSON line in, one out, then the connection ends. Only the same user and root get
/// in (mode 0600).
/// </summary>
internal sealed class ControlServer : IAsyncDisposable
{
    private const int MostCallers = 32;
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    private readonly Socket _socket;
    private readonly string _path;
    private readonly IControlTarget _target;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _places = new(MostCallers, MostCallers);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _accepting;

    private ControlServer(Socket socket, string path, IControlTarget target, ILogger log)
    {
        (_socket, _path, _target, _log) = (socket, path, target, log);
        _accepting = AcceptAsync();
    }

    /// <summary>Opens the socket. What lies at the path is removed: the pid file's lock has proved it stale.</summary>
    public static ControlServer Open(string path, IControlTarget target, ILogger log)
    {
        File.Delete(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite); // nobody can connect before Listen
        socket.Listen(MostCallers);
        return new ControlServer(socket, path, target, log);
    }

    /// <summary>Takes no more callers, lets those in hand have their answers, removes the socket.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _socket.Dispose();
        await _accepting;
        for (var i = 0; i < MostCallers; i++)
        {
            if (!await _places.WaitAsync(AnswerLimit))
            {
                break;
            }
        }

        File.Delete(_path);
    }

    private async Task AcceptAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                await _places.WaitAsync(_closing.Token);
                _ = ServeAsync(await _socket.AcceptAsync(_closing.Token));
            }
            catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException)
            {
                _places.Release();
                return;
            }
            catch (SocketException)
            {
                // The caller is gone again, or we are out of descriptors: not faster than this.
                _places.Release();
                await Task.Delay(100);
            }
        }
    }

    private async Task ServeAsync(Socket caller)
    {
        try
        {
            using var lines = new JsonLines(caller, maxLine: 16 * 1024);
            var reply = await AnswerAsync(lines);
            if (reply is not null)
            {
                using var limit = new CancellationTokenSource(AnswerLimit);
                await lines.WriteAsync(reply, ControlJson.Default.ControlReply, limit.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // It does not take its answer.
        }
        finally
        {
            _places.Release();
        }
    }

    private async Task<ControlReply?> AnswerAsync(JsonLines lines)
    {
        try
        {
            using var limit = new CancellationTokenSource(AskLimit);
            var request = await lines.ReadAsync(ControlJson.Default.ControlRequest, limit.Token);
            return request is null ? null : await _target.ExecuteAsync(request, CancellationToken.None);
        }
        catch (InvalidDataException failure)
        {
            return new ControlReply(ExitCodes.Usage, [failure.Message]);
        }
        catch (OperationCanceledException)
        {
            return new ControlReply(ExitCodes.Failed, ["given up: the daemon stops, or the request came too slowly"]);
        }
#pragma warning disable CA1031 // whatever goes wrong with one request, the supervisor lives on
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _log.BrokeDown(failure);
            return new ControlReply(ExitCodes.Failed, ["the daemon failed to do that: " + failure.Message]);
        }
    }
}
