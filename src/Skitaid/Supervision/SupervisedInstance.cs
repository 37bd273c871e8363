using Microsoft.Extensions.Logging;
using Skitai.Configuration.Settings;
using Skitai.Posix;
using Skitaid.Control;

namespace Skitaid.Supervision;

/// <summary>
/// One conf of servers-enabled and whatever runs for it: its listening socket, the process that serves, those that
/// drain. Starting, restarting and ending take turns (<c>_turn</c>); deaths are taken up in a turn of their own.
/// </summary>
internal sealed partial class SupervisedInstance
{
    /// <summary>How long a process may take from its start until it serves (apps are imported in that time).</summary>
    public static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    /// <summary>How long requests in hand may take when a process is replaced or its conf is gone.</summary>
    public static readonly TimeSpan DrainLimit = TimeSpan.FromMinutes(10);

    /// <summary>How long requests in hand may take when everything is to stop now.</summary>
    public static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(3);

    /// <summary>How long a process may take to rotate its logs.</summary>
    private static readonly TimeSpan RotateLimit = TimeSpan.FromSeconds(10);

    private readonly DaemonPlaces _places;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly RestartBackOff _backOff = new(TimeSpan.FromSeconds(600));
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
    private string? _lastDeath;
    private DateTimeOffset _lastDeathAt;

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

    /// <summary>The conf that it has taken up.</summary>
    public InstanceSettings Settings => _settings;

    /// <summary>Its address as a URL.</summary>
    public string Address => ListeningSocket.UrlOf(_settings);

    /// <summary>Whether a process of it serves.</summary>
    public bool IsRunning => _condition == InstanceCondition.Running;

    /// <summary>A line for each mount that could not serve when its process became ready or took up a conf.</summary>
    public IReadOnlyList<string> MountTroubles
    {
        get
        {
            lock (_state)
            {
                return _current is { } current ? [.. current.FailedMounts.Select(failure => $"{Name}: {failure.Mount} cannot serve: {failure.Error}")] : [];
            }
        }
    }

    /// <summary>Whether it runs for nothing: it has mounts, and every one of them fails.</summary>
    public bool NothingWorks
    {
        get
        {
            var mounts = _settings.Hosts.Sum(host => host.Mounts.Count);
            return mounts > 0 && MountTroubles.Count >= mounts;
        }
    }

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

    /// <summary>Has its logs rotated. One process does it; others that write to them notice with their next line.</summary>
    /// <returns>Which log could not be rotated and why, one line; null = done, or nothing runs that could write to them.</returns>
    public async Task<string?> RotateAsync(CancellationToken cancellation)
    {
        InstanceChild? writer;
        lock (_state)
        {
            writer = _current ?? _draining.LastOrDefault() ?? _starting;
        }

        return writer is null ? null : await writer.RotateAsync(RotateLimit, cancellation);
    }

    /// <summary>Sees to it that the process that serves gets renewed certificates, when it may not read them itself. Does not wait.</summary>
    public void FollowCertificates()
    {
        InstanceChild? current;
        lock (_state)
        {
            current = _current;
        }

        current?.FollowCertificates();
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
            Memory = current is null ? null : ProcessMemory.ProportionalOfTree(current.Pid),
            Restarts = _restarts,
            LastError = _lastError,
            LastErrorAt = _lastError is null ? null : _lastErrorAt,
            LastDeath = _lastDeath,
            LastDeathAt = _lastDeath is null ? null : _lastDeathAt,
            Figures = figures,
        };
    }

    /// <summary>Notes that something is wrong with it (its conf), for <c>status</c>.</summary>
    public void NoteError(string error)
    {
        _lastErrorAt = _time.GetUtcNow();
        _lastError = error;
    }
}
