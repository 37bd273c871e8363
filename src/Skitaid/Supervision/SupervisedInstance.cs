using Microsoft.Extensions.Logging;
using Skitai.Configuration;
using Skitai.Configuration.Settings;
using Skitaid.Commands;
using Skitaid.Control;

namespace Skitaid.Supervision;

/// <summary>
/// One conf of servers-enabled and whatever runs for it: its listening socket, the process that serves, those that
/// drain. Starting, restarting and ending take turns (<c>_turn</c>); deaths are taken up in a turn of their own.
/// </summary>
internal sealed class SupervisedInstance
{
    /// <summary>How long a process may take from its start until it serves (apps are imported in that time).</summary>
    public static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    /// <summary>How long requests in hand may take when a process is replaced or its conf is gone.</summary>
    public static readonly TimeSpan DrainLimit = TimeSpan.FromMinutes(10);

    /// <summary>How long requests in hand may take when everything is to stop now.</summary>
    public static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(3);

    private readonly DaemonPlaces _places;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly BackOff _backOff = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _state = new();
    private readonly List<InstanceChild> _draining = [];
    private CancellationTokenSource _waiting = new();
    private CancellationTokenSource _bringingUp = new();
    private InstanceSettings _settings;
    private ListeningSocket? _listener;
    private InstanceChild? _current;
    private InstanceChild? _starting;
    private string _condition = InstanceCondition.Stopped;
    private int _restarts;
    private string? _lastError;
    private DateTimeOffset _lastErrorAt;

    /// <summary>Takes charge of a conf; nothing runs yet.</summary>
    /// <param name="settings">The conf.</param>
    /// <param name="listener">Its socket, bound; owned from here on.</param>
    /// <param name="places">Where the daemon's files are.</param>
    /// <param name="log">skitaid.log.</param>
    /// <param name="time">The clock.</param>
    public SupervisedInstance(InstanceSettings settings, ListeningSocket listener, DaemonPlaces places, ILogger log, TimeProvider time) =>
        (_settings, _listener, _places, _log, _time) = (settings, listener, places, log, time);

    /// <summary>The conf's name.</summary>
    public string Name => _settings.Name;

    /// <summary>Its address as a URL.</summary>
    public string Address => $"{(_settings.Ssl is null ? "http" : "https")}://{ListeningSocket.AddressOf(_settings)}";

    /// <summary>Whether a process of it serves.</summary>
    public bool IsRunning => _condition == InstanceCondition.Running;

    /// <summary>The first start. Null when it serves; else why not (it is tried again, with growing pauses).</summary>
    public async Task<string?> StartAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            return await LaunchAsync("start", cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Replaces the process by one that reads the conf anew; whatever goes wrong, the old one goes on.</summary>
    /// <param name="tree">Where the conf is.</param>
    /// <param name="force">Accept that an app which works now fails in the successor.</param>
    /// <param name="cancellation">Gives up the successor.</param>
    public async Task<ControlReply> RestartAsync(ConfTree tree, bool force, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _ending.Token);
        await _waiting.CancelAsync();
        await _turn.WaitAsync(either.Token);
        try
        {
            return await ReplaceAsync(tree, force, either.Token);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends what runs, and the listening socket; it can be started again by <see cref="RestartAsync"/>.</summary>
    /// <param name="limit">How long requests in hand may take.</param>
    /// <param name="cause">Why, for the log.</param>
    /// <param name="forGood">No start any more after this.</param>
    /// <param name="hurry">Cuts that short.</param>
    public async Task StopAsync(TimeSpan limit, string cause, bool forGood, CancellationToken hurry)
    {
        if (forGood)
        {
            await _ending.CancelAsync();
        }

        // Neither a pause nor a slow start is waited for; a start that comes after us is none of ours.
        await _waiting.CancelAsync();
        await Interlocked.Exchange(ref _bringingUp, new CancellationTokenSource()).CancelAsync();
        await _turn.WaitAsync(CancellationToken.None);
        List<InstanceChild> children;
        try
        {
            lock (_state)
            {
                if (_current is { } current)
                {
                    _draining.Add(current);
                    _log.InstanceDraining(Name, current.Pid, cause);
                }

                _current = null;
                children = [.. _draining];
                _condition = InstanceCondition.Stopped;
            }

            // Our copy goes first: once the child has closed its own the port refuses instead of leaving callers waiting.
            _listener?.Dispose();
            _listener = null;
        }
        finally
        {
            _turn.Release();
        }

        var order = limit > StopGrace ? InstanceOrder.Drain : InstanceOrder.Stop;
        await Task.WhenAll(children.Select(child => child.EndAsync(order, limit, hurry)));
    }

    /// <summary>Has its processes open their log files anew.</summary>
    public async Task RotateAsync(CancellationToken cancellation)
    {
        foreach (var child in Children())
        {
            await child.SendAsync(new InstanceOrder(InstanceOrder.Rotate), cancellation);
        }
    }

    /// <summary>Kills whatever runs, without any grace.</summary>
    public void Kill()
    {
        foreach (var child in Children())
        {
            child.Kill();
        }
    }

    /// <summary>What <c>skitaid status</c> shows of it.</summary>
    public async Task<InstanceStatus> GetStatusAsync(CancellationToken cancellation)
    {
        InstanceChild? current;
        int[] draining;
        string state;
        lock (_state)
        {
            current = _current;
            draining = [.. _draining.Select(child => child.Pid)];
            state = _starting is not null && current is null ? InstanceCondition.Starting
                : _condition == InstanceCondition.Stopped && draining.Length > 0 ? InstanceCondition.Draining
                : _condition;
        }

        var figures = current is null ? null : await current.AskAsync(TimeSpan.FromSeconds(2), cancellation);
        return new InstanceStatus
        {
            Name = Name,
            State = state,
            Address = Address,
            Pid = current?.Pid,
            Uptime = current?.Age.TotalSeconds,
            Draining = draining,
            Memory = current is null ? null : ProcessMemory.OfTree(current.Pid),
            Restarts = _restarts,
            LastError = _lastError,
            LastErrorAt = _lastError is null ? null : _lastErrorAt,
            Figures = figures,
        };
    }

    /// <summary>Notes that something is wrong with it (its conf), for <c>status</c>.</summary>
    public void NoteError(string error)
    {
        _lastErrorAt = _time.GetUtcNow();
        _lastError = error;
    }

    private List<InstanceChild> Children()
    {
        lock (_state)
        {
            List<InstanceChild> children = [.. _draining];
            children.AddRange(new[] { _current, _starting }.OfType<InstanceChild>());
            return children;
        }
    }

    private async Task<ControlReply> ReplaceAsync(ConfTree tree, bool force, CancellationToken cancellation)
    {
        var (settings, errors) = TreeCheck.ReadInstance(tree, Name);
        if (settings is null)
        {
            string[] lines = [.. errors, $"{Name}: not restarted; {StillThere()}"];
            _log.RestartRefused(Name, "its conf is broken: " + lines[0]);
            NoteError(lines[0]);
            return new ControlReply(ExitCodes.Usage, lines);
        }

        var listener = _listener;
        try
        {
            if (listener is null || !ListeningSocket.AddressOf(settings).Equals(listener.Address))
            {
                listener = ListeningSocket.Bind(settings);
            }

            var (successor, why) = await BringUpAsync(settings, listener, "restart", cancellation);
            if (why is null && !force && NewlyFailed(_current, successor!) is { } broken)
            {
                why = $"{broken.Mount} works now and would not any more: {broken.Error}; --force restarts nevertheless";
                await successor!.EndAsync(InstanceOrder.Stop, TimeSpan.Zero, CancellationToken.None);
            }

            if (why is not null)
            {
                return Refuse(why, listener);
            }

            Adopt(successor!, settings, listener);
            return new ControlReply(ExitCodes.Done, [$"{Name}: restarted, process {successor!.Pid} serves {Address}"]);
        }
        catch (IOException failure)
        {
            return Refuse(failure.Message, listener);
        }
        catch (OperationCanceledException)
        {
            return Refuse("the daemon or the instance was told to stop", listener);
        }
    }

    private ControlReply Refuse(string why, ListeningSocket? listener)
    {
        if (listener != _listener)
        {
            listener?.Dispose();
        }

        _log.RestartRefused(Name, why);
        NoteError(why);
        if (_current is null && _condition == InstanceCondition.Waiting)
        {
            _ = StartAgainAsync(_backOff.Next(TimeSpan.Zero), "after a failed restart");
        }

        return new ControlReply(ExitCodes.Failed, [$"{Name}: not restarted: {why}", $"{Name}: {StillThere()}"]);
    }

    private string StillThere() => _current is { } current ? $"process {current.Pid} goes on as it is" : "no process of it runs";

    private static MountFailure? NewlyFailed(InstanceChild? old, InstanceChild successor)
    {
        return old is null ? null : successor.FailedMounts.FirstOrDefault(failure => !old.FailedMounts.Any(known => known.Mount == failure.Mount));
    }

    /// <summary>The successor serves: it takes the place of the one before, which drains.</summary>
    private void Adopt(InstanceChild successor, InstanceSettings settings, ListeningSocket listener)
    {
        InstanceChild? old;
        lock (_state)
        {
            old = _current;
            _current = successor;
            _settings = settings;
            _condition = InstanceCondition.Running;
            if (old is not null)
            {
                _draining.Add(old);
            }
        }

        if (listener != _listener)
        {
            _listener?.Dispose();
            _listener = listener;
        }

        _backOff.Reset();
        if (old is not null)
        {
            _log.InstanceDraining(Name, old.Pid, "replaced");
            _ = old.EndAsync(InstanceOrder.Drain, DrainLimit, CancellationToken.None);
        }
    }

    /// <summary>In our turn: a process for the conf and socket that we have; null when it serves.</summary>
    private async Task<string?> LaunchAsync(string cause, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _ending.Token);
        try
        {
            var (child, why) = await BringUpAsync(_settings, _listener!, cause, either.Token);
            if (why is null)
            {
                lock (_state)
                {
                    _current = child;
                    _condition = InstanceCondition.Running;
                }

                return null;
            }

            NoteError(why);
            _condition = InstanceCondition.Waiting;
            _ = StartAgainAsync(_backOff.Next(TimeSpan.Zero), "the last start failed");
            return why;
        }
        catch (OperationCanceledException)
        {
            return "told to stop";
        }
    }

    private async Task<(InstanceChild? Child, string? Why)> BringUpAsync(
        InstanceSettings settings, ListeningSocket listener, string cause, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, Volatile.Read(ref _bringingUp).Token);
        cancellation = either.Token;
        cancellation.ThrowIfCancellationRequested();
        InstanceChild child;
        try
        {
            child = InstanceChild.Start(settings.Name, _places, listener, _log, _time);
        }
        catch (IOException failure)
        {
            _log.InstanceNotReady(settings.Name, failure.Message);
            return (null, failure.Message);
        }

        lock (_state)
        {
            _starting = child;
        }

        _log.InstanceStarted(settings.Name, child.Pid, listener.Address.ToString(), cause);
        try
        {
            if (await child.WaitUntilReadyAsync(StartLimit, cancellation) is { } why)
            {
                _log.InstanceNotReady(settings.Name, why);
                child.Kill();
                _ = await child.Exited;
                return (null, why);
            }
        }
        catch (OperationCanceledException)
        {
            child.Kill();
            _ = await child.Exited;
            throw;
        }
        finally
        {
            lock (_state)
            {
                _starting = null;
            }
        }

        _log.InstanceReady(settings.Name, child.Pid, (long)child.Age.TotalMilliseconds);
        foreach (var failure in child.FailedMounts)
        {
            _log.MountFailed(settings.Name, failure.Mount, failure.Error);
            NoteError($"{failure.Mount} cannot serve: {failure.Error}");
        }

        _ = SeeOffAsync(child);
        return (child, null);
    }

    /// <summary>Waits for a process's end and sees to what follows from it.</summary>
    private async Task SeeOffAsync(InstanceChild child)
    {
        var exit = await child.Exited;
        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            TimeSpan pause;
            lock (_state)
            {
                if (_current != child)
                {
                    _draining.Remove(child);
                    _log.InstanceEnded(Name, child.Pid, exit.ToString());
                    return;
                }

                _current = null;
                if (exit.Code == ExitCodes.Done)
                {
                    // It was told to end from outside (kill -TERM): that was wanted.
                    _condition = InstanceCondition.Stopped;
                }
                else
                {
                    _condition = InstanceCondition.Waiting;
                    _restarts++;
                }
            }

            if (exit.Code == ExitCodes.Done)
            {
                _log.InstanceEnded(Name, child.Pid, "exit 0, asked to by somebody else than the supervisor: it stays down until a restart");
                _listener?.Dispose();
                _listener = null;
                return;
            }

            pause = exit.Code == ExitCodes.StartAnew ? TimeSpan.Zero : _backOff.Next(child.Age);
            var how = exit + (child.LastWords is { } words ? $" ({words})" : "");
            _log.InstanceDied(Name, child.Pid, how, pause == TimeSpan.Zero ? "at once" : $"in {pause.TotalSeconds:0} s");
            if (exit.Code != ExitCodes.StartAnew)
            {
                NoteError($"process {child.Pid} died: {how}");
            }

            _ = StartAgainAsync(pause, exit.Code == ExitCodes.StartAnew ? "it asked for it" : "the one before died");
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task StartAgainAsync(TimeSpan pause, string cause)
    {
        var waiting = new CancellationTokenSource();
        _waiting = waiting; // only in our turn
        try
        {
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, _time, waiting.Token);
            }

            await _turn.WaitAsync(waiting.Token);
        }
        catch (OperationCanceledException)
        {
            return; // a restart or a stop has come in between
        }

        try
        {
            if (_current is null && _listener is not null && !_ending.IsCancellationRequested && !waiting.IsCancellationRequested)
            {
                await LaunchAsync(cause, CancellationToken.None);
            }
        }
        finally
        {
            _turn.Release();
        }
    }
}
