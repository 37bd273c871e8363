using Skitai.Posix;

namespace Skitai.Engine.Apps;

/// <content>A fresh worker in place of a live one: for a reload, for its age, its size or a stuck thread.</content>
internal sealed partial class WorkerSeat
{
    private readonly WorkerMemoryLimit _memory = new(pool.Settings.Tune.MaxWorkerMemory, pool.Time);
    private TaskCompletionSource _wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<string?>? _replacement;
    private string _replaceReason = "";

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
        Worker? worker;
        lock (_gate)
        {
            worker = _current;
        }

        if (worker is null || !_memory.IsSet)
        {
            return;
        }

        var used = ProcessMemory.Resident(worker.Pid);
        if (_memory.Demands(used))
        {
            var most = pool.Settings.Tune.MaxWorkerMemory;
            _ = ReplaceAsync($"it uses {used / (1024 * 1024)} MiB, max_worker_memory is {most / (1024 * 1024)} MiB");
        }
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
            retirement = _retiring.RetireAsync(worker);
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
