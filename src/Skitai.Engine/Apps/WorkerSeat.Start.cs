using System.ComponentModel;

namespace Skitai.Engine.Apps;

/// <content>The start of a worker, and when to try again.</content>
internal sealed partial class WorkerSeat
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RetryImport = TimeSpan.FromSeconds(30);

    private readonly Random _random = new();

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
}
