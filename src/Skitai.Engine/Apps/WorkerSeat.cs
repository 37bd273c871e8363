using System.ComponentModel;
using Skitai.Posix;

namespace Skitai.Engine.Apps;

/// <summary>
/// One of a pool's places for a worker. Keeps a live one in it: starts it, replaces it when it dies (with a back-off) or
/// when it is to be replaced (the fresh one ready first), tries again when the app could not be imported.
/// </summary>
internal sealed class WorkerSeat(AppPool pool)
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RetryImport = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _firstStart = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RestartBackOff _backoff = new(TimeSpan.FromMinutes(1));
    private readonly Lock _gate = new();
    private readonly List<Worker> _retiring = [];
    private readonly List<Task> _retirements = [];
    private readonly Random _random = new();
    private TaskCompletionSource _wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<string?>? _replacement;
    private string _replaceReason = "";
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
        lock (_gate)
        {
            var all = new List<Worker>(_retiring);
            if (_current is not null)
            {
                all.Add(_current);
            }

            return all;
        }
    }

    /// <summary>Wants a fresh worker in place of the one there. Calls while one is under way share it.</summary>
    /// <returns>Null when done; else why the old one stays.</returns>
    public Task<string?> ReplaceAsync(string reason)
    {
        lock (_gate)
        {
            if (_replacement is null)
            {
                _replacement = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
                _replaceReason = reason;
                _wanted.TrySetResult();
            }

            return _replacement.Task;
        }
    }

    /// <summary>A thread of a worker does not come back.</summary>
    public void OnStuck(Worker worker)
    {
        if (!worker.IsRetiring)
        {
            _ = ReplaceAsync("a thread is stuck past app_timeout");
        }
        else if (worker.HasOnlyStuck())
        {
            worker.GiveUp();
        }
    }

    /// <summary>Replaces the worker if it has grown too large.</summary>
    public void CheckMemory()
    {
        var most = pool.Settings.Tune.MaxWorkerMemory;
        Worker? worker;
        lock (_gate)
        {
            worker = _current;
        }

        if (most > 0 && worker is not null && ProcessMemory.Resident(worker.Pid) is var now && now > most)
        {
            _ = ReplaceAsync($"it uses {now / (1024 * 1024)} MiB, max_worker_memory is {most / (1024 * 1024)} MiB");
        }
    }

    /// <summary>Ends everything here.</summary>
    public async Task StopAsync()
    {
        await _keeping;
        Task retirements;
        lock (_gate)
        {
            retirements = Task.WhenAll(_retirements);
        }

        await Task.WhenAny(retirements, Task.Delay(pool.Settings.Tune.ResponseTimeout, pool.Time));
        foreach (var worker in Workers())
        {
            worker.GiveUp();
        }

        await retirements;
    }

    /// <summary>How the workers here do.</summary>
    public IEnumerable<AppWorkerStatus> Describe(long now)
    {
        Worker? current;
        Worker? starting;
        Worker[] retiring;
        lock (_gate)
        {
            (current, starting, retiring) = (_current, _starting, [.. _retiring]);
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

        foreach (var worker in retiring)
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

    private async Task GuardAsync(Worker worker)
    {
        Task wanted;
        lock (_gate)
        {
            wanted = _wanted.Task;
        }

        await Task.WhenAny(worker.Exited, wanted).WaitAsync(pool.Stopping);
        if (worker.Exited.IsCompleted)
        {
            await BuryAsync(worker);
            return;
        }

        // One seat of the pool at a time has two workers, so that the memory does not double.
        if (!await TakeTurnAsync(worker))
        {
            return; // it has died meanwhile: the next one here is fresh anyway
        }

        var retirement = Task.CompletedTask;
        try
        {
            AppLog.Replacing(pool.Log, pool.Label, worker.Pid, _replaceReason);
            var (fresh, start) = await StartOneAsync();
            if (fresh is null)
            {
                LastError = start.Error;
                pool.OnStartFailed(start);
                AppLog.Kept(pool.Log, pool.Label, start.Error ?? "");
                EndReplacement(start.Error);
                return;
            }

            Install(fresh);
            retirement = RetireAsync(worker);
            EndReplacement(null);
        }
        finally
        {
            _ = EndTurnAsync(retirement);
        }
    }

    /// <summary>Waits until no other seat replaces its worker.</summary>
    /// <returns>False: the worker here has died before.</returns>
    private async Task<bool> TakeTurnAsync(Worker worker)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(pool.Stopping);
        var turn = pool.ReplacementTurn.WaitAsync(giveUp.Token);
        await Task.WhenAny(worker.Exited, turn);
        if (turn.IsCompletedSuccessfully && !worker.Exited.IsCompleted)
        {
            return true;
        }

        await giveUp.CancelAsync();
        try
        {
            await turn;
            pool.ReplacementTurn.Release();
        }
        catch (OperationCanceledException)
        {
            pool.Stopping.ThrowIfCancellationRequested();
        }

        return false;
    }

    /// <summary>The next seat may begin when the old worker is gone, or has long answers in hand.</summary>
    private async Task EndTurnAsync(Task retirement)
    {
        await Task.WhenAny(retirement, Task.Delay(pool.Settings.Tune.ResponseTimeout, pool.Time));
        pool.ReplacementTurn.Release();
    }

    private async Task BuryAsync(Worker worker)
    {
        var exit = await worker.Exited;
        pool.Leave(worker);
        SetCurrent(null);
        var reason = worker.EndReason is { } known ? $"{exit}, {known}" : exit.ToString();
        var delay = _backoff.Next(pool.Time.GetElapsedTime(worker.StartedStamp));
        LastError = reason;
        AppLog.Died(pool.Log, pool.Label, worker.Pid, reason, delay);
        await worker.DisposeAsync();

        // A long delay is for an app that crashes by itself: when somebody waits and no other worker is there, a second is enough.
        var second = TimeSpan.FromSeconds(1);
        for (var left = delay; left > TimeSpan.Zero && (left == delay || !pool.IsStarved); left -= second)
        {
            await Task.Delay(left < second ? left : second, pool.Time, pool.Stopping);
        }
    }

    private async Task<(Worker? Fresh, WorkerStart Start)> StartOneAsync()
    {
        WorkerProcess process;
        try
        {
            _starts++;
            process = WorkerProcess.Start(pool);
        }
        catch (Exception error) when (error is Win32Exception or IOException)
        {
            return (null, new WorkerStart(false, error.Message, null, [], ImportFailed: false));
        }

        var limit = pool.Settings.Tune.MaxRequests;
        var worker = new Worker(pool, process)
        {
            // Not all at once: give or take a tenth.
            MaxRequests = limit <= 0 ? 0 : Math.Max(1, limit + _random.Next(-limit / 10, (limit / 10) + 1)),
            Seat = this,
        };
        lock (_gate)
        {
            _starting = worker;
        }

        WorkerStart start;
        try
        {
            worker.Open(pool.LoadFrame);
            start = await worker.Started.WaitAsync(StartPatience, pool.Time, pool.Stopping);
        }
        catch (TimeoutException)
        {
            start = new WorkerStart(false, $"the app was not imported within {StartPatience.TotalSeconds:0} s", null, [], ImportFailed: false);
        }
        catch (OperationCanceledException)
        {
            await worker.DisposeAsync();
            throw;
        }
        finally
        {
            lock (_gate)
            {
                _starting = null;
            }
        }

        if (start.IsReady)
        {
            return (worker, start);
        }

        await worker.DisposeAsync();
        return (null, start);
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

    private Task RetireAsync(Worker worker)
    {
        pool.Leave(worker);
        async Task EndAsync()
        {
            var limit = pool.Settings.Tune.AppTimeout;
            await worker.RetireAsync(limit > TimeSpan.Zero ? limit : TimeSpan.FromHours(1));
            lock (_gate)
            {
                _retiring.Remove(worker);
            }

            AppLog.Retired(pool.Log, pool.Label, worker.Pid);
        }

        lock (_gate)
        {
            _retiring.Add(worker);
            _retirements.RemoveAll(task => task.IsCompleted);
            var retirement = Task.Run(EndAsync);
            _retirements.Add(retirement);
            return retirement;
        }
    }

    /// <summary>Waits for the moment of another try: a file has changed, a reload is wanted, or it was long enough ago.</summary>
    private async Task RetryTimeAsync(WorkerStart start)
    {
        var began = pool.Time.GetTimestamp();
        var delay = start.ImportFailed ? RetryImport : _backoff.Next(TimeSpan.Zero) is { Ticks: > 0 } next ? next : TimeSpan.FromSeconds(1);
        var files = new FileWatch();
        foreach (var file in start.Files)
        {
            files.Add(file);
        }

        while (pool.Time.GetElapsedTime(began) < delay && files.FindChange() is null)
        {
            lock (_gate)
            {
                if (_replacement is not null)
                {
                    return;
                }
            }

            var left = delay - pool.Time.GetElapsedTime(began);
            await Task.Delay(left < TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1), pool.Time, pool.Stopping);
        }
    }

    private void SetCurrent(Worker? worker)
    {
        lock (_gate)
        {
            _current = worker;
        }
    }

    private void EndReplacement(string? error)
    {
        TaskCompletionSource<string?>? done;
        lock (_gate)
        {
            done = _replacement;
            _replacement = null;
            if (_wanted.Task.IsCompleted)
            {
                _wanted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        done?.TrySetResult(error);
    }
}
