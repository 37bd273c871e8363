using Skitai.Posix;

namespace Skitai.Engine.Apps;

/// <summary>
/// One of a pool's places for a worker. Keeps a live one in it: starts it, replaces it when it dies (with a back-off) or
/// when it is to be replaced (the fresh one ready first), tries again when the app could not be imported.
/// </summary>
internal sealed partial class WorkerSeat(AppPool pool)
{
    private readonly TaskCompletionSource _firstStart = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RestartBackOff _backoff = new(TimeSpan.FromMinutes(1));
    private readonly Lock _gate = new();
    private readonly RetiringWorkers _retiring = new(pool);
    private Worker? _current;
    private Worker? _starting;
    private Task _keeping = Task.CompletedTask;
    private int _starts;

    /// <summary>Done when the first worker takes requests or could not be started.</summary>
    public Task FirstStart => _firstStart.Task;

    /// <summary>The last try to start a worker failed, and none is there or about to be.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Why the last worker here ended unasked or could not start; null when the one there is fine.</summary>
    public string? LastError { get; private set; }

    public void Start() => _keeping = Task.Run(KeepAsync);

    /// <summary>Every live worker here.</summary>
    public List<Worker> Workers()
    {
        List<Worker> all = [.. _retiring.Snapshot()];
        lock (_gate)
        {
            if (_current is not null)
            {
                all.Add(_current);
            }
        }

        return all;
    }

    /// <summary>Ends everything here.</summary>
    public async Task StopAsync()
    {
        await _keeping;
        await _retiring.StopAsync(pool.Settings.Tune.ResponseTimeout);
    }

    /// <summary>How the workers here do.</summary>
    public IEnumerable<AppWorkerStatus> Describe(long now)
    {
        Worker? current;
        Worker? starting;
        lock (_gate)
        {
            (current, starting) = (_current, _starting);
        }

        var restarts = Math.Max(0, _starts - 1);
        if (current is not null)
        {
            yield return current.Describe(restarts, now) with { LastError = LastError };
        }
        else
        {
            yield return new AppWorkerStatus(starting?.Pid, starting is not null ? "starting" : HasFailed ? "failed" : "waiting")
            {
                StartedAt = starting?.StartedAt,
                Restarts = restarts,
                LastError = LastError,
            };
        }

        foreach (var worker in _retiring.Snapshot())
        {
            yield return worker.Describe(restarts, now);
        }
    }

    private async Task KeepAsync()
    {
        try
        {
            while (!pool.Stopping.IsCancellationRequested)
            {
                if (_current is null)
                {
                    await FillAsync();
                }
                else
                {
                    await GuardAsync(_current);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The pool closes.
        }
        finally
        {
            _firstStart.TrySetResult();
            EndReplacement("the pool is closed");
            if (_current is { } last)
            {
                pool.Leave(last);
                await last.RetireAsync(pool.Settings.Tune.ResponseTimeout);
                SetCurrent(null);
            }
        }
    }

    private async Task FillAsync()
    {
        var (fresh, start) = await StartOneAsync();
        if (fresh is not null)
        {
            Install(fresh);
            EndReplacement(null);
            return;
        }

        LastError = start.Error;
        HasFailed = true;
        pool.OnStartFailed(start);
        pool.RefuseIfHopeless();
        _firstStart.TrySetResult();
        EndReplacement(start.Error);
        await RetryTimeAsync(start);
        HasFailed = start.ImportFailed;
    }

    private async Task BuryAsync(Worker worker)
    {
        var exit = await worker.Exited;
        pool.Leave(worker);
        SetCurrent(null);
        await worker.WhenChannelEndsAsync();
        var reason = (worker.EndReason is { } known ? $"{exit}, {known}" : exit.ToString()) + worker.HadInHand;
        var delay = _backoff.Next(pool.Time.GetElapsedTime(worker.StartedStamp));
        LastError = reason;
        AppLog.Died(
            pool.Log, pool.Label, worker.Pid, reason, delay == TimeSpan.Zero ? "at once" : $"in {delay.TotalSeconds:0} s, earlier if requests wait for it");
        await worker.DisposeAsync();

        // A long delay is for an app that crashes by itself: when somebody waits and no other worker is there, a second is enough.
        var second = TimeSpan.FromSeconds(1);
        for (var left = delay; left > TimeSpan.Zero && (left == delay || !pool.IsStarved); left -= second)
        {
            await Task.Delay(left < second ? left : second, pool.Time, pool.Stopping);
        }
    }

    private void Install(Worker worker)
    {
        LastError = null;
        HasFailed = false;
        SetCurrent(worker);
        lock (_gate)
        {
            if (_wanted.Task.IsCompleted)
            {
                _wanted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        pool.Join(worker);
        AppLog.Ready(pool.Log, pool.Label, worker.Pid);
        _firstStart.TrySetResult();
    }

    private void SetCurrent(Worker? worker)
    {
        lock (_gate)
        {
            _current = worker;
        }
    }
}
