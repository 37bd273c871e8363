using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Skitai.Engine.Logging;

namespace Skitai.Engine.Apps;

/// <summary>
/// The worker processes of one app and the requests that wait for them. Several mounts may share one. The door of this
/// folder, with <see cref="AppMount"/>.
/// </summary>
public sealed partial class AppPool : IAsyncDisposable
{
    /// <summary>Requests that may wait for a worker; more are refused at once.</summary>
    internal const int MostWaiting = 1000;

    private readonly Lock _gate = new();
    private readonly ConcurrentStack<AppRequest> _idle = new();
    private readonly WorkerSeat[] _seats;
    private readonly byte[] _load;
    private readonly CancellationTokenSource _stopping = new();
    private Worker[] _ready = [];
    private AppRequest? _first;
    private AppRequest? _last;
    private int _waiting;
    private int _idleCount;
    private int _inside;
    private long _refused;
    private Task _upkeep = Task.CompletedTask;
    private bool _started;
    private string? _reportedFailure;

    /// <summary>Makes a pool; nothing is started.</summary>
    /// <param name="settings">What to run and how.</param>
    /// <param name="log">server.log: what happens to workers.</param>
    /// <param name="output">app.log: what the app prints and its tracebacks. A text may have several lines, those after the first indented.</param>
    /// <param name="time">The clock.</param>
    public AppPool(AppPoolSettings settings, ILogger log, ILogger output, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(settings);
        Settings = settings;
        Log = log;
        Output = output;
        Time = time;
        Label = settings.Label;
        _load = settings.Load();
        _seats = new WorkerSeat[settings.Server.Processes];
        for (var i = 0; i < _seats.Length; i++)
        {
            _seats[i] = new WorkerSeat(this);
        }
    }

    /// <summary>What it was made with.</summary>
    public AppPoolSettings Settings { get; }

    internal string Label { get; }

    internal ILogger Log { get; }

    internal ILogger Output { get; }

    internal TimeProvider Time { get; }

    /// <summary>A request that takes longer is worth noticing that its client leaves.</summary>
    internal TimeSpan WatchAfter { get; } = TimeSpan.FromMilliseconds(200);

    internal ReadOnlySpan<byte> LoadFrame => _load;

    /// <summary>Who has it may run two workers in one place for a moment.</summary>
    internal SemaphoreSlim ReplacementTurn { get; } = new(1);

    internal CancellationToken Stopping => _stopping.Token;

    /// <summary>Starts all workers; done when each of them takes requests or could not be started. Later calls wait for the first.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (!_started)
            {
                _started = true;
                foreach (var seat in _seats)
                {
                    seat.Start();
                }

                _upkeep = Task.Run(UpkeepAsync, CancellationToken.None);
            }
        }

        await Task.WhenAll(_seats.Select(seat => seat.FirstStart)).WaitAsync(cancellation);
    }

    /// <summary>
    /// Replaces every worker by a fresh one, one after the other, the fresh one ready before the old one goes. If a
    /// fresh one cannot start, the old ones stay.
    /// </summary>
    /// <returns>Null; or why it was given up.</returns>
    public async Task<string?> ReloadAsync(CancellationToken cancellation = default)
    {
        foreach (var seat in _seats)
        {
            if (await seat.ReplaceAsync("reload").WaitAsync(cancellation) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    /// <summary>How it does now.</summary>
    public AppPoolStatus Status()
    {
        var now = Time.GetTimestamp();
        int waiting;
        lock (_gate)
        {
            waiting = _waiting;
        }

        return new AppPoolStatus(Label, Settings.Target.ToString())
        {
            Problem = Problem(),
            Waiting = waiting,
            Refused = Interlocked.Read(ref _refused),
            Workers = [.. _seats.SelectMany(seat => seat.Describe(now))],
        };
    }

    /// <summary>Ends all workers: those that do not end by themselves within response_timeout are ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _upkeep;
        RefuseAll(AppOutcome.Unavailable);
        await Task.WhenAll(_seats.Select(seat => seat.StopAsync()));
    }

    /// <summary>Ends its workers at once, those that retire as well: the time for <see cref="DisposeAsync"/> is up.</summary>
    internal void Kill()
    {
        foreach (var worker in _seats.SelectMany(seat => seat.Workers()))
        {
            worker.Kill("the time to end is up");
        }
    }

    /// <summary>A request comes in; followed by <see cref="Left"/>, whatever becomes of it.</summary>
    internal void Entered() => Interlocked.Increment(ref _inside);

    /// <summary>It is answered, or not going to be.</summary>
    internal void Left() => Interlocked.Decrement(ref _inside);

    /// <summary>Completes when no request is inside.</summary>
    internal async Task WhenUnusedAsync(CancellationToken cancellation)
    {
        // A request may have been shown the way here a moment before there was none any more.
        do
        {
            await Task.Delay(TimeSpan.FromSeconds(1), Time, cancellation);
        }
        while (Volatile.Read(ref _inside) > 0);
    }

    /// <summary>A request object for <see cref="Submit"/>.</summary>
    internal AppRequest Rent()
    {
        if (_idle.TryPop(out var request))
        {
            Interlocked.Decrement(ref _idleCount);
            return request;
        }

        return new AppRequest();
    }

    /// <summary>Gives it back; nothing knows it any more.</summary>
    internal void Return(AppRequest request)
    {
        request.Clear();
        if (Interlocked.Increment(ref _idleCount) <= 256)
        {
            _idle.Push(request);
        }
        else
        {
            Interlocked.Decrement(ref _idleCount);
        }
    }

    /// <summary>Tells the logs why a worker could not be started; several workers with one reason tell it once.</summary>
    internal void OnStartFailed(WorkerStart start)
    {
        var error = start.Error ?? "";
        var report = start.Traceback ?? error;
        lock (_gate)
        {
            if (report == _reportedFailure)
            {
                return;
            }

            _reportedFailure = report;
        }

        AppLog.StartFailed(Log, Label, error);
        AppLog.Text(Output, LogLevel.Error, Label, 0, OutputText.Indent($"the app could not be started: {error}\n{start.Traceback}"));
    }

    private string? Problem()
    {
        lock (_gate)
        {
            if (_ready.Length > 0)
            {
                return null;
            }
        }

        foreach (var seat in _seats)
        {
            if (seat.LastError is { } error)
            {
                return error;
            }
        }

        return "starting";
    }
}
