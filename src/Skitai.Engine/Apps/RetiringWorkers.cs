namespace Skitai.Engine.Apps;

/// <summary>The workers of one seat that get nothing new any more and answer what they have in hand.</summary>
internal sealed class RetiringWorkers(AppPool pool)
{
    private readonly Lock _gate = new();
    private readonly List<Worker> _workers = [];
    private readonly List<Task> _ends = [];

    /// <summary>Takes a worker out of the pool and sees it off.</summary>
    /// <returns>Done when it has ended.</returns>
    public Task RetireAsync(Worker worker)
    {
        pool.Leave(worker);
        lock (_gate)
        {
            _workers.Add(worker);
            _ends.RemoveAll(task => task.IsCompleted);
            var end = Task.Run(() => EndAsync(worker));
            _ends.Add(end);
            return end;
        }
    }

    /// <summary>Those that have not ended yet.</summary>
    public Worker[] Snapshot()
    {
        lock (_gate)
        {
            return [.. _workers];
        }
    }

    /// <summary>Waits until all have ended; after <paramref name="patience"/> they are made to.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        Task all;
        lock (_gate)
        {
            all = Task.WhenAll(_ends);
        }

        await Task.WhenAny(all, Task.Delay(patience, pool.Time));
        foreach (var worker in Snapshot())
        {
            worker.GiveUp();
        }

        await all;
    }

    private async Task EndAsync(Worker worker)
    {
        var limit = pool.Settings.Tune.AppTimeout;
        await worker.RetireAsync(limit > TimeSpan.Zero ? limit : TimeSpan.FromHours(1));
        lock (_gate)
        {
            _workers.Remove(worker);
        }

        AppLog.Retired(pool.Log, pool.Label, worker.Pid);
    }
}
