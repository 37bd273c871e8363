using Skitai.Posix;
using Skitaid.Commands;
using Skitaid.Control;

namespace Skitaid.Supervision;

/// <content>What commands ask for over the control socket.</content>
internal sealed partial class Supervisor
{
    /// <inheritdoc/>
    public async Task<ControlReply> ExecuteAsync(ControlRequest request, CancellationToken cancellation)
    {
        switch (request.Command)
        {
            case ControlRequest.Status:
                return await GetStatusAsync(request.Name, cancellation);
            case ControlRequest.Restart:
                return WithNoteOnProgram(await _instances.RestartAsync(request.Name, request.Force, _stopping.Token), request.Program);
            case ControlRequest.Reload:
                return await _instances.ReloadAsync(request.Name, request.Force, _stopping.Token);
            case ControlRequest.Rotate:
                return await RotateAsync(request.Name, "by command", cancellation);
            case ControlRequest.Member when request is { Name: { } name, MemberOrder: { } order }:
                return await (_instances.Find(name)?.OrderMemberAsync(order, cancellation) ?? Task.FromResult(_instances.Unknown(name)));
            case ControlRequest.Purge when request is { Name: { } name, PurgeOrder: { } order }:
                return await (_instances.Find(name)?.PurgeAsync(order, cancellation) ?? Task.FromResult(_instances.Unknown(name)));
            case ControlRequest.Shutdown when request.Name is { } name:
                return await _instances.StopOneAsync(name, SupervisedInstance.DrainLimit, "shut down by command");
            case ControlRequest.Terminate when request.Name is { } name:
                return await _instances.StopOneAsync(name, TimeSpan.Zero, "terminated by command");
            case ControlRequest.Stop when request.Name is null:
                return await StopAsync(new SupervisorSignal(Signals.Term, "by command"));
            case ControlRequest.Shutdown:
                return await StopAsync(new SupervisorSignal(Signals.Quit, "by command, once requests in hand are answered"));
            case ControlRequest.Terminate:
                _ = await StopAsync(new SupervisorSignal(Signals.Term, "by command, at once"), hurry: true);
                return new ControlReply(ExitCodes.Done, ["skitaid has stopped"]);
            default:
                return new ControlReply(ExitCodes.Usage, [$"the daemon knows no command '{request.Command}'"]);
        }
    }

    private async Task<ControlReply> StopAsync(SupervisorSignal signal, bool hurry = false)
    {
        Stop(signal);
        if (hurry)
        {
            await _hurry.CancelAsync();
        }

        await _ended.Task;
        return new ControlReply(ExitCodes.Done, ["skitaid has stopped"]);
    }

    private async Task<ControlReply> RotateAsync(string? name, string cause, CancellationToken cancellation)
    {
        var own = name is null ? _log.Rotate() : null;
        var reply = await _instances.RotateAsync(name, cancellation);
        if (own is not null)
        {
            reply = new ControlReply(ExitCodes.Failed, [$"{Places.DaemonLog}: {own}", .. reply.ExitCode == ExitCodes.Done ? [] : reply.Lines]);
        }

        if (reply.ExitCode == ExitCodes.Failed)
        {
            foreach (var line in reply.Lines)
            {
                _log.NotRotated(line);
            }
        }
        else if (name is null)
        {
            _log.Rotated(cause);
        }

        return reply;
    }

    private async Task<ControlReply> GetStatusAsync(string? name, CancellationToken cancellation)
    {
        var instances = await _instances.GetStatusAsync(name, cancellation);
        if (name is not null && instances.Count == 0)
        {
            return _instances.Unknown(name);
        }

        return new ControlReply(ExitCodes.Done, [], new DaemonStatus(
            OwnProgram.Version,
            Environment.ProcessId,
            _time.GetElapsedTime(_startedAt).TotalSeconds,
            ProcessMemory.Proportional(Environment.ProcessId),
            Places.Etc,
            Places.Log,
            Places.Var,
            _log.Lost,
            instances));
    }

    /// <summary>Instances are started from the supervisor's own program: somebody who has built a new one must hear that.</summary>
    private static ControlReply WithNoteOnProgram(ControlReply reply, string? asking) => asking is null || asking == OwnProgram.Path
        ? reply
        : reply with { Lines = [.. reply.Lines, $"note: the daemon goes on with {OwnProgram.Path}; the program you called is another: 'stop' and a start take it up"] };
}
