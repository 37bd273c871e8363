using System.Runtime.InteropServices;
using System.Threading.Channels;
using Skitai.Configuration;
using Skitai.Posix;
using Skitaid.Commands;
using Skitaid.Control;

namespace Skitaid.Supervision;

/// <summary>
/// The daemon's first process: reads the confs, holds the listening sockets, starts, watches and replaces the instances.
/// It serves nothing itself, so that hardly anything can go wrong in it.
/// </summary>
internal sealed class Supervisor : IControlTarget
{
    private readonly SupervisorOptions _options;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly ConfTree _tree;
    private readonly Channel<SupervisorSignal> _signals = Channel.CreateBounded<SupervisorSignal>(64);
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _hurry = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _startedAt;
    private readonly ServiceNotice _notice = ServiceNotice.Take();
    private DaemonLog _log = null!;
    private InstanceSet _instances = null!;
    private (string Cause, TimeSpan Limit) _stop;

    private Supervisor(SupervisorOptions options)
    {
        _options = options;
        _tree = new ConfTree(options.Etc);
        _startedAt = _time.GetTimestamp();
    }

    /// <summary>Where its files are.</summary>
    public DaemonPlaces Places { get; private set; } = null!;

    /// <summary>Its instances.</summary>
    public IEnumerable<SupervisedInstance> Instances => _instances.All;

    /// <summary>Runs until it is told to stop.</summary>
    /// <returns>What the process exits with.</returns>
    public static Task<int> RunAsync(SupervisorOptions options) => new Supervisor(options).RunAsync();

    /// <inheritdoc/>
    public async Task<ControlReply> ExecuteAsync(ControlRequest request, CancellationToken cancellation)
    {
        switch (request.Command)
        {
            case ControlRequest.Status:
                return await GetStatusAsync(request.Name, cancellation);
            case ControlRequest.Restart:
                return WithNoteOnProgram(await _instances.RestartAsync(request.Name, request.Force, _stopping.Token), request.Program);
            case ControlRequest.Rotate:
                return await RotateAsync(request.Name, "by command", cancellation);
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

    private async Task<int> RunAsync()
    {
        var check = TreeCheck.Read(_tree);
        if (check.Daemon is null || check.Errors.Count > 0)
        {
            return Refuse(ExitCodes.Usage, [.. check.Errors, "nothing was started"]);
        }

        Places = new DaemonPlaces(_tree.EtcPath, _options.LogPath ?? check.Daemon.LogPath, _options.VarPath ?? check.Daemon.VarPath);
        if (Places.Prepare() is { } problem)
        {
            return Refuse(ExitCodes.Failed, [problem]);
        }

        using var pidLock = FileLock.TryTake(Places.PidFile);
        if (pidLock is null)
        {
            return Refuse(ExitCodes.Failed, [RunningAlready()]);
        }

        pidLock.Write(System.Text.Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
        using var log = _log = new DaemonLog(Places.DaemonLog, _options.Console, _options.Colours, _time);
        AppDomain.CurrentDomain.UnhandledException += (_, e) => log.BrokeDown((Exception)e.ExceptionObject);
        TaskScheduler.UnobservedTaskException += (_, e) => log.BrokeDown(e.Exception);
        foreach (var warning in check.Warnings)
        {
            log.Warning(warning);
        }

        log.Starting(OwnProgram.Version, Environment.ProcessId, Places.Etc, Places.Log, Places.Var);
        _instances = new InstanceSet(_tree, Places, log, _time);
        var errors = _instances.BindAll(check.Instances);
        foreach (var error in errors)
        {
            log.ConfBroken(error);
        }

        if (errors.Count > 0)
        {
            TellLogged(errors);
            return Refuse(ExitCodes.Failed, ["nothing was started"]);
        }

        try
        {
            return await ServeAsync(log);
        }
        finally
        {
            File.Delete(Places.PidFile);
            log.Stopped();
        }
    }

    private async Task<int> ServeAsync(DaemonLog log)
    {
        using var terminate = Handle(PosixSignal.SIGTERM, Signals.Term, "SIGTERM");
        using var interrupt = Handle(PosixSignal.SIGINT, Signals.Interrupt, "SIGINT");
        using var quit = Handle(PosixSignal.SIGQUIT, Signals.Quit, "SIGQUIT");
        using var hangUp = Handle(PosixSignal.SIGHUP, Signals.Hup, "SIGHUP");
        using var user1 = Handle((PosixSignal)Signals.Usr1, Signals.Usr1, "SIGUSR1");
        var acting = ActOnSignalsAsync();
        await using var control = ControlServer.Open(Places.ControlSocket, this, log);
        var failures = await StartAsync(log);
        var watching = WatchAsync();
        try
        {
            await Task.Delay(Timeout.Infinite, _stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // Time to stop.
        }

        log.Stopping(_stop.Cause);
        _notice.Stopping();
        await _instances.StopAllAsync(_stop.Limit, _stop.Cause, _hurry.Token);
        _ended.TrySetResult();
        _signals.Writer.TryComplete();
        await watching;
        await acting;
        return failures ? ExitCodes.Failed : ExitCodes.Done;
    }

    /// <summary>True when it ends before it began: nothing that it has could be started.</summary>
    private async Task<bool> StartAsync(DaemonLog log)
    {
        IReadOnlyList<string> failed;
        try
        {
            failed = await _instances.StartAllAsync(_stopping.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        var all = _instances.All.ToArray();
        TellLogged(failed);

        if (all.Length > 0 && failed.Count == all.Length)
        {
            Stop(new SupervisorSignal(Signals.Term, "nothing could be started"));
            return true;
        }

        if (all.Length == 0)
        {
            var nothing = $"no conf in {_tree.EnabledPath}: nothing is served until one is there";
            log.Warning(nothing);
            TellLogged([nothing]);
        }

        log.Ready(all.Length - failed.Count, all.Length);
        _notice.Ready(Summary());
        _options.OnReady?.Invoke(this, failed.Count);
        return false;
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                await _instances.FollowAsync(_stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private PosixSignalRegistration Handle(PosixSignal signal, int number, string name) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            // Only noted here; the loop acts.
            context.Cancel = true;
            _signals.Writer.TryWrite(new SupervisorSignal(number, name));
        });

    private async Task ActOnSignalsAsync()
    {
        await foreach (var signal in _signals.Reader.ReadAllAsync())
        {
            switch (signal.Number)
            {
                case Signals.Hup:
                    _ = RestartAllAsync();
                    break;
                case Signals.Usr1:
                    _ = await RotateAsync(null, signal.Cause, CancellationToken.None);
                    break;
                default:
                    Stop(signal);
                    break;
            }
        }

        async Task RestartAllAsync()
        {
            // Each step is in the log.
            _notice.Reloading();
            try
            {
                _ = await _instances.RestartAsync(null, force: false, _stopping.Token);
                _notice.Ready(Summary());
            }
            catch (OperationCanceledException)
            {
                // Stopping.
            }
        }
    }

    /// <summary>TERM and INT: now, with a short grace; a second time: at once. QUIT: when what is in hand is answered.</summary>
    private void Stop(SupervisorSignal signal)
    {
        if (_stopping.IsCancellationRequested)
        {
            if (signal.Number != Signals.Quit)
            {
                _hurry.Cancel();
            }

            return;
        }

        _stop = (signal.Cause, signal.Number == Signals.Quit ? SupervisedInstance.DrainLimit : SupervisedInstance.StopGrace);
        _stopping.Cancel();
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
        if (name is null)
        {
            _log.Rotate();
            _log.Rotated(cause);
        }

        return await _instances.RotateAsync(name, cancellation);
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
            ProcessMemory.Of(Environment.ProcessId),
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

    private string Summary() => $"{_instances.All.Count(instance => instance.IsRunning)} of {_instances.All.Count()} instances run";

    private string RunningAlready()
    {
        string pid;
        try
        {
            pid = File.ReadAllText(Places.PidFile).Trim();
        }
        catch (IOException)
        {
            pid = "?";
        }

        return $"skitaid runs already: pid {pid}, control socket {Places.ControlSocket}; 'skitaid status' shows it, 'skitaid restart' takes up changed confs";
    }

    /// <summary>Tells what the log has, too: with the log on the console once is enough.</summary>
    private void TellLogged(IEnumerable<string> lines)
    {
        foreach (var line in lines.Where(_ => _options.Console is null))
        {
            _options.Tell(line);
        }
    }

    private int Refuse(int exit, IReadOnlyList<string> lines)
    {
        foreach (var line in lines)
        {
            _options.Tell(line);
        }

        return exit;
    }
}
