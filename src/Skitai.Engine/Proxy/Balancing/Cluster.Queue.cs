namespace Skitai.Engine.Proxy.Balancing;

/// <summary>Requests that wait for a member with room: first come, first served, but for those that wait for a certain one.</summary>
internal sealed partial class Cluster
{
    private static readonly TimeSpan WatchEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ImpatientAfter = TimeSpan.FromSeconds(1);

    private readonly ChoiceQueue _queue = new();
    private readonly ITimer _queueTimer;
    private bool _watched;

    /// <summary>Some member may have room now.</summary>
    internal void TellRoom()
    {
        // Who queues up counts himself first and looks for room after that; here it is the other way round: one of the two sees the other.
        Interlocked.MemoryBarrier();
        if (_queue.Count != 0)
        {
            lock (Gate)
            {
                ServeQueue();
            }
        }
    }

    private async ValueTask<Member?> WaitAsync(MemberChoice choice, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var wait = new TaskCompletionSource<Member?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (Gate)
        {
            ServeQueue();
            if (!choice.Waits || _queue.Count >= Settings.MaxQueue)
            {
                // It cannot wait for a better one.
                var found = Choose(choice, Time.GetTimestamp(), impatient: true);
                if (found is Found.NoRoom or Found.NoneForThis)
                {
                    choice.Refusal = NoMember.QueueFull;
                    if (choice.Waits)
                    {
                        Interlocked.Increment(ref _refused);
                    }
                }

                return choice.Member;
            }

            choice.Wait = wait;
            choice.WaitsSince = Time.GetTimestamp();
            _queue.Enqueue(choice);
            ServeQueue();
            if (_queue.Count != 0 && !_watched && !_ended)
            {
                _watched = true;
                _queueTimer.Change(WatchEvery, WatchEvery);
            }
        }

        using (cancellation.UnsafeRegister(
            static (state, token) =>
            {
                var (cluster, choice) = ((Cluster, MemberChoice))state!;
                cluster.StopWaiting(choice, token);
            },
            (this, choice)))
        {
            return await wait.Task;
        }
    }

    /// <summary>Gives to those that wait what there is. The gate is held.</summary>
    private void ServeQueue()
    {
        var now = Time.GetTimestamp();
        for (var choice = _queue.First; choice is not null;)
        {
            var next = choice.Next;
            switch (Choose(choice, now, Time.GetElapsedTime(choice.WaitsSince, now) >= ImpatientAfter))
            {
                case Found.NoRoom:
                    return;
                case Found.Member or Found.Nothing:
                    EndWait(choice);
                    break;
            }

            choice = next;
        }
    }

    private void WatchQueue()
    {
        lock (Gate)
        {
            ServeQueue();
            var now = Time.GetTimestamp();
            while (_queue.First is { } choice && Time.GetElapsedTime(choice.WaitsSince, now) >= Patience)
            {
                choice.Refusal = NoMember.WaitedTooLong;
                Interlocked.Increment(ref _refused);
                EndWait(choice);
            }

            if (_queue.Count == 0 && _watched)
            {
                _watched = false;
                _queueTimer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void EndWait(MemberChoice choice)
    {
        _queue.Remove(choice);
        var wait = choice.Wait!;
        choice.Wait = null;
        wait.SetResult(choice.Member);
    }

    private void StopWaiting(MemberChoice choice, CancellationToken cancellation)
    {
        lock (Gate)
        {
            if (choice.Wait is { } wait)
            {
                _queue.Remove(choice);
                choice.Wait = null;
                wait.SetCanceled(cancellation);
            }
        }
    }
}
