using Skitai.Posix;

namespace Skitai.Engine.Apps;

/// <summary>What the pool's clock looks after.</summary>
internal sealed partial class Worker
{
    /// <summary>How long an app thread may go on after its request timed out, before the worker is replaced.</summary>
    private static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(2);

    /// <summary>Looks at every request in hand.</summary>
    /// <param name="now">The time stamp.</param>
    /// <param name="sinceLast">The time since the last look.</param>
    /// <param name="slow">Gets those to report.</param>
    /// <returns>True: a thread is stuck; the worker must be replaced.</returns>
    public bool Watch(long now, TimeSpan sinceLast, List<SlowRequest>? slow)
    {
        var tune = _pool.Settings.Tune;
        var stuck = false;
        var aborted = false;
        WakeList? woken = null;
        lock (_channel.Gate)
        {
            for (var i = 0; i < _slots.Length; i++)
            {
                ref var slot = ref _slots[i];
                if (!slot.InHand)
                {
                    continue;
                }

                var request = slot.Request;
                if (request is { WaitsForClient: true })
                {
                    slot.ClientTime += sinceLast;
                }

                var age = _time.GetElapsedTime(slot.Since, now) - slot.ClientTime;
                if (slot.TimedOutAt != 0)
                {
                    stuck |= _time.GetElapsedTime(slot.TimedOutAt, now) >= StuckAfter;
                }
                else if (tune.AppTimeout > TimeSpan.Zero && age >= tune.AppTimeout)
                {
                    slot.TimedOutAt = now;
                    if (!slot.Reported)
                    {
                        // What it hangs in is what one wants to know, however patient slow_request is.
                        slot.Reported = true;
                        slow?.Add(new SlowRequest(
                            Describe(slot) + ", given up by app_timeout", Pid, age));
                    }

                    if (request is not null)
                    {
                        slot.Description = Describe(request);
                        slot.Request = null;
                        _channel.Append(Frame.Abort, 0, (uint)i + 1, []);
                        aborted = true;
                        request.StopUpload();
                        if (request.TellFailure(AppOutcome.TimedOut, "the app took longer than app_timeout"))
                        {
                            (woken ??= new WakeList()).Add(request);
                        }

                        request = null;
                    }
                }

                if (tune.SlowRequest > TimeSpan.Zero && age >= tune.SlowRequest && !slot.Reported)
                {
                    slot.Reported = true;
                    slow?.Add(new SlowRequest(Describe(slot), Pid, age));
                }

                if (request is not null && age >= _pool.WatchAfter && request.TellWatched())
                {
                    (woken ??= new WakeList()).Add(request);
                }
            }
        }

        if (aborted)
        {
            _channel.Flush();
        }

        woken?.Run();
        return stuck;
    }

    /// <summary>How it does now.</summary>
    public AppWorkerStatus Describe(int restarts, long now)
    {
        var slow = new List<SlowRequest>();
        var threshold = _pool.Settings.Tune.SlowRequest;
        lock (_channel.Gate)
        {
            foreach (ref var slot in _slots.AsSpan())
            {
                var age = _time.GetElapsedTime(slot.Since, now) - slot.ClientTime;
                if (slot.InHand && threshold > TimeSpan.Zero && age >= threshold)
                {
                    slow.Add(new SlowRequest(Describe(slot), Pid, age));
                }
            }
        }

        return new AppWorkerStatus(Pid, IsRetiring ? "retiring" : Started.IsCompleted ? "ready" : "starting")
        {
            StartedAt = StartedAt,
            InHand = InHand,
            Requests = Given,
            ResidentBytes = ProcessMemory.Resident(Pid),
            ProportionalBytes = ProcessMemory.Proportional(Pid),
            Restarts = restarts,
            SlowRequests = slow,
        };
    }

    /// <summary>Whether only stuck requests are left in it.</summary>
    public bool HasOnlyStuck()
    {
        lock (_channel.Gate)
        {
            foreach (ref var slot in _slots.AsSpan())
            {
                if (slot.InHand && slot.TimedOutAt == 0)
                {
                    return false;
                }
            }

            return true;
        }
    }
}
