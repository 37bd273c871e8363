using System.Globalization;
using Skitai.Engine.Logging;

namespace Skitai.Engine.Apps;

/// <summary>What goes by the clock: time-outs, slow requests, memory, changed files.</summary>
public sealed partial class AppPool
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);
    private const int TicksToFiles = 5, TicksToMemory = 15;

    private readonly FileWatch _sources = new();
    private Task _reloading = Task.CompletedTask;

    private async Task UpkeepAsync()
    {
        using var timer = new PeriodicTimer(Tick, Time);
        var ticks = 0;
        var last = Time.GetTimestamp();
        while (true)
        {
            try
            {
                if (!await timer.WaitForNextTickAsync(_stopping.Token))
                {
                    return;
                }

                var now = Time.GetTimestamp();
                Look(now, Time.GetElapsedTime(last, now), ++ticks);
                last = now;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                AppLog.UpkeepFailed(Log, error, Label);
            }
        }
    }

    private void Look(long now, TimeSpan sinceLast, int ticks)
    {
        List<SlowRequest>? slow = null;
        foreach (var seat in _seats)
        {
            foreach (var worker in seat.Workers())
            {
                var here = new List<SlowRequest>();
                if (worker.Watch(now, sinceLast, here))
                {
                    seat.OnStuck(worker);
                }

                if (here.Count > 0)
                {
                    (slow ??= []).AddRange(here);
                    _ = ReportSlowAsync(worker, here);
                }

                if (worker.UsesReloader)
                {
                    foreach (var file in worker.TakeFiles())
                    {
                        _sources.Add(file);
                    }
                }
            }

            if (ticks % TicksToMemory == 0)
            {
                seat.CheckMemory();
            }
        }

        WatchQueue(now);
        if (ticks % TicksToFiles == 0 && _reloading.IsCompleted && _sources.FindChange() is not null)
        {
            _reloading = ReloadAsync();
        }
    }

    private async Task ReportSlowAsync(Worker worker, List<SlowRequest> slow)
    {
        var dump = await worker.DumpThreadsAsync();
        var text = string.Join('\n', slow.Select(
            request => string.Create(CultureInfo.InvariantCulture, $"slow request, {request.Age.TotalSeconds:0.0} s so far: {request.Description}")));
        AppLog.Text(
            Output, Microsoft.Extensions.Logging.LogLevel.Warning, Label, worker.Pid, OutputText.Indent(dump.Length > 0 ? $"{text}\n{dump}" : text));
    }
}
