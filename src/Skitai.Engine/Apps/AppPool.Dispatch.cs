namespace Skitai.Engine.Apps;

/// <summary>Which worker gets which request. <c>_gate</c> guards all of it, and comes before a channel's gate.</summary>
public sealed partial class AppPool
{
    /// <summary>Sends a request to the worker with the fewest in hand, or queues it. Then wait for its news.</summary>
    internal void Submit(AppRequest request)
    {
        Worker? worker;
        bool soon;
        var refused = AppOutcome.None;
        lock (_gate)
        {
            var now = Time.GetTimestamp();
            worker = _first is null ? Choose(now) : null;
            soon = worker?.InHand > 0;
            if (worker is null || !worker.TryGive(request, now))
            {
                worker = null;
                if (_ready.Length == 0 && !CanHope())
                {
                    refused = AppOutcome.Unavailable;
                }
                else if (_waiting >= MostWaiting || _stopping.IsCancellationRequested)
                {
                    refused = AppOutcome.Busy;
                    _refused++;
                }
                else
                {
                    Enqueue(request, now);
                }
            }
        }

        if (worker is not null)
        {
            worker.Flush(soon);
        }
        else if (refused != AppOutcome.None)
        {
            request.TellFailure(refused, "no worker took it"); // nobody waits yet
        }
    }

    /// <summary>Nobody waits for this request's answer any more.</summary>
    internal void Cancel(AppRequest request)
    {
        Worker? worker;
        lock (_gate)
        {
            if (request.Queued)
            {
                Unlink(request);
                return;
            }

            worker = request.Worker;
        }

        worker?.Abort(request);
    }

    /// <summary>A worker has finished with some requests: it can get those that wait.</summary>
    internal void Release(Worker worker, int count)
    {
        lock (_gate)
        {
            worker.InHand -= count;
            if (_first is not null)
            {
                Fill(worker);
            }
        }
    }

    /// <summary>A worker takes requests from here on.</summary>
    internal void Join(Worker worker)
    {
        lock (_gate)
        {
            _ready = [.. _ready, worker];
            _reportedFailure = null;
            Fill(worker);
        }

        worker.Flush(soon: false);
    }

    /// <summary>A worker gets nothing new from here on.</summary>
    internal void Leave(Worker worker)
    {
        lock (_gate)
        {
            _ready = Array.FindAll(_ready, other => other != worker);
        }
    }

    /// <summary>When no worker can be hoped for, those who wait need not.</summary>
    internal void RefuseIfHopeless()
    {
        lock (_gate)
        {
            if (_ready.Length > 0 || CanHope())
            {
                return;
            }
        }

        RefuseAll(AppOutcome.Unavailable);
    }

    private void RefuseAll(AppOutcome outcome)
    {
        var woken = new WakeList();
        lock (_gate)
        {
            while (_first is { } request)
            {
                Refuse(request, outcome, woken);
            }
        }

        woken.Run();
    }

    /// <summary>Those who have waited longer than response_timeout get 503; and idle room is used, should there be any.</summary>
    private void WatchQueue(long now)
    {
        var woken = new WakeList();
        Worker[] ready;
        lock (_gate)
        {
            ready = _ready;
            foreach (var worker in ready)
            {
                Fill(worker);
            }

            while (_first is { } request && Time.GetElapsedTime(request.Since, now) >= Settings.Tune.ResponseTimeout)
            {
                _refused++;
                Refuse(request, AppOutcome.Busy, woken);
            }

            for (var request = _first; request is not null && Time.GetElapsedTime(request.Since, now) >= WatchAfter; request = request.Next)
            {
                if (request.TellWatched())
                {
                    woken.Add(request);
                }
            }
        }

        foreach (var worker in ready)
        {
            worker.Flush(soon: false);
        }

        woken.Run();
    }

    private void Refuse(AppRequest request, AppOutcome outcome, WakeList woken)
    {
        Unlink(request);
        if (request.TellFailure(outcome, "no worker took it"))
        {
            woken.Add(request);
        }
    }

    private Worker? Choose(long now)
    {
        Worker? best = null;
        foreach (var worker in _ready)
        {
            if ((best is null || worker.InHand < best.InHand) && worker.InHand < worker.Limit(now))
            {
                best = worker;
            }
        }

        return best;
    }

    private void Fill(Worker worker)
    {
        if (worker.IsRetiring || _first is null)
        {
            return;
        }

        var now = Time.GetTimestamp();
        while (_first is { } request && worker.InHand < worker.Limit(now) && worker.TryGive(request, now))
        {
            Unlink(request);
        }
    }

    private bool CanHope()
    {
        foreach (var seat in _seats)
        {
            if (!seat.HasFailed)
            {
                return true;
            }
        }

        return false;
    }

    private void Enqueue(AppRequest request, long now)
    {
        request.Since = now;
        request.Queued = true;
        request.Next = null;
        request.Previous = _last;
        if (_last is null)
        {
            _first = request;
        }
        else
        {
            _last.Next = request;
        }

        _last = request;
        _waiting++;
    }

    private void Unlink(AppRequest request)
    {
        if (request.Previous is null)
        {
            _first = request.Next;
        }
        else
        {
            request.Previous.Next = request.Next;
        }

        if (request.Next is null)
        {
            _last = request.Previous;
        }
        else
        {
            request.Next.Previous = request.Previous;
        }

        request.Next = null;
        request.Previous = null;
        request.Queued = false;
        _waiting--;
    }
}
