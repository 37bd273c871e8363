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
internal sealed partial class Supervisor : IControlTarget
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

        TellLogged(check.Warnings.Where(_ => _options.TellsWarnings).Select(warning => "warning: " + warning));
        log.Starting(OwnProgram.Version, Environment.ProcessId, Places.Etc, Places.Log, Places.Var);
        _instances = new InstanceSet(_tree, Places, log, _time);
        var errors = _instances.BindAll(check.Instances);
        foreach (var error in errors)
        {
            log.ConfBroken(error);
        }

        TellLogged(errors);
        if (errors.Count > 0 && !_instances.All.Any())
        {
            return Refuse(ExitCodes.Failed, ["nothing was started"]);
        }

        try
        {
            return await ServeAsync(log, errors.Count);
        }
        finally
        {
            File.Delete(Places.PidFile);
            log.Stopped();
        }
    }

    private async Task<int> ServeAsync(DaemonLog log, int unbound)
    {
        using var terminate = Handle(PosixSignal.SIGTERM, Signals.Term, "SIGTERM");
        using var interrupt = Handle(PosixSignal.SIGINT, Signals.Interrupt, "SIGINT");
        using var quit = Handle(PosixSignal.SIGQUIT, Signals.Quit, "SIGQUIT");
        using var hangUp = Handle(PosixSignal.SIGHUP, Signals.Hup, "SIGHUP");
        using var user1 = Handle((PosixSignal)Signals.Usr1, Signals.Usr1, "SIGUSR1");
        var acting = ActOnSignalsAsync();
        await using var control = ControlServer.Open(Places.ControlSocket, this, log);
        var failures = await StartAsync(log, unbound);
        var watching = Task.WhenAll(WatchAsync(), WatchCertificatesAsync());
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
    /// <param name="log">skitaid.log.</param>
    /// <param name="unbound">Confs whose address could not be had.</param>
    private async Task<bool> StartAsync(DaemonLog log, int unbound)
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

        // In the log already, as warnings of the instances.
        TellLogged(all.SelectMany(instance => instance.MountTroubles).Select(line => "warning: " + line));
        log.Ready(all.Length - failed.Count, all.Length + unbound);
        _notice.Ready(Summary());
        _options.OnReady?.Invoke(this, failed.Count + unbound);
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

    private async Task WatchCertificatesAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(3), _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                foreach (var instance in _instances.All)
                {
                    instance.FollowCertificates();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private string Summary() => $"{_instances.All.Count(instance => instance.IsRunning)} of {_instances.ConfCount} instances run";

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

        return $"skitaid runs already: pid {pid}, control socket {Places.ControlSocket}; '{Places.Command("status")}' shows it, '{Places.Command("reload")}' takes up changed confs";
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
