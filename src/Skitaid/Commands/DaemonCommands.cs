using Skitai.Posix;
using Skitaid.Control;
using Skitaid.Supervision;

namespace Skitaid.Commands;

/// <summary>The commands that ask the running daemon something: status, restart, reload, stop, shutdown, terminate, rotate.</summary>
internal static class DaemonCommands
{
    private static readonly TimeSpan QuickLimit = TimeSpan.FromSeconds(20);

    /// <summary>Asks, prints, and for an end waits until the daemon is really gone.</summary>
    public static async Task<int> RunAsync(CommandLine line, CancellationToken cancellation)
    {
        var places = Places.Find(line);
        var name = line[OptionNames.Name];
        LaterNames.Refuse(name);
        if (line.Command == "stop" && name is not null)
        {
            throw new UsageException($"'stop' ends the whole daemon; 'skitaid -f {name} shutdown' (once requests in hand are answered) or 'terminate' (at once) ends an instance");
        }

        // The others last as long as apps take to start and requests to end.
        var isQuick = line.Command is ControlRequest.Status or ControlRequest.Rotate;
        var request = new ControlRequest(line.Command, name, line.Has(OptionNames.Force), OwnProgram.Path);
        var reply = await AskAsync(places, request, isQuick, cancellation);
        if (reply?.Status is { } status)
        {
            await Console.Out.WriteLineAsync(line.Has(OptionNames.Json) ? StatusText.Json(status) : StatusText.Table(status, Terminal.HasColours));
        }

        await TellAsync(reply);
        if (reply is null)
        {
            return ExitCodes.Failed;
        }

        if (reply.ExitCode == ExitCodes.Done && name is null && line.Command is ControlRequest.Stop or ControlRequest.Shutdown or ControlRequest.Terminate)
        {
            await WaitUntilGoneAsync(places, cancellation);
        }

        return reply.ExitCode;
    }

    /// <summary>Asks the daemon; null when there is no answer, and the person was told why.</summary>
    /// <param name="places">Where it is.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="isQuick">A healthy daemon answers this within seconds.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<ControlReply?> AskAsync(DaemonPlaces places, ControlRequest request, bool isQuick, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (isQuick)
        {
            limit.CancelAfter(QuickLimit);
        }

        try
        {
            var reply = await ControlClient.AskAsync(places.ControlSocket, request, limit.Token);
            if (reply is null)
            {
                await Console.Error.WriteLineAsync($"skitaid does not run (nobody listens on {places.ControlSocket}); 'skitaid --etc {places.Etc}' starts it");
            }

            return reply;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"skitaid: the daemon has not answered for {QuickLimit.TotalSeconds:0} s: is it stopped, or the machine overloaded? ({places.PidFile} has its pid)");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"skitaid: {failure.Message}");
        }

        return null;
    }

    /// <summary>Prints an answer's lines.</summary>
    /// <returns>What the command exits with.</returns>
    public static async Task<int> TellAsync(ControlReply? reply)
    {
        var to = reply?.ExitCode == ExitCodes.Done ? Console.Out : Console.Error;
        foreach (var text in reply?.Lines ?? [])
        {
            await to.WriteLineAsync(text);
        }

        return reply?.ExitCode ?? ExitCodes.Failed;
    }

    /// <summary>Until the pid file's lock is free: whoever starts the daemon right after a stop must not be told that it runs.</summary>
    private static async Task WaitUntilGoneAsync(DaemonPlaces places, CancellationToken cancellation)
    {
        for (var i = 0; i < 500 && File.Exists(places.PidFile); i++)
        {
            using (var free = FileLock.TryTake(places.PidFile))
            {
                if (free is not null)
                {
                    return;
                }
            }

            await Task.Delay(20, cancellation);
        }
    }
}
