namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>Saves what was purged, and looks through all files for it. In the background and with pauses, as all upkeep.</summary>
internal sealed partial class DiskTier
{
    private static readonly TimeSpan s_untilSweptAgain = TimeSpan.FromMinutes(1), s_mostUntilSweptAgain = TimeSpan.FromHours(1);

    private readonly List<TaskCompletionSource<int>> _sweepsWanted = [];
    private long _clearedUpTo = -1;
    private long _sweepUpTo;
    private long _sweptUpTo;
    private long _sweepAgainAt = long.MaxValue; // ticks of UTC
    private TimeSpan _untilSweptAgain = s_untilSweptAgain;
    private int _swept;
    private string? _unsaved;

    /// <summary>Why a restart may bring back what was purged; null = it does not.</summary>
    public string? PurgesUnsaved => Purges.IsEmpty ? null : Volatile.Read(ref _unsaved) ?? (IsReady ? null : _opening.Reason);

    /// <summary>Makes what was purged last, and deletes the files of it one after the other.</summary>
    /// <param name="number">The purge: all up to it are in force in memory, too.</param>
    /// <param name="everythingUpTo">What was begun up to here goes without being looked at; -1 = everything is looked at.</param>
    /// <returns>How many files were deleted within the time that one can wait for it.</returns>
    public async Task<int> SweepAsync(long number, long everythingUpTo)
    {
        if (!IsReady)
        {
            Raise(ref _sweepUpTo, number);
            return 0; // saved and swept when the directory is ours
        }

        Raise(ref _clearedUpTo, everythingUpTo);
        await WriteInTimeAsync(SavePurges, false, null);
        var swept = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_sweepsWanted)
        {
            _sweepsWanted.Add(swept);
        }

        // Now that it is known who wants to hear of it.
        Raise(ref _sweepUpTo, number);
        _wanted.Release();
        try
        {
            return await swept.Task.WaitAsync(s_untilLooked / 2, _time);
        }
        catch (TimeoutException)
        {
            return Volatile.Read(ref _swept);
        }
    }

    /// <summary>Has the list of purges last.</summary>
    /// <returns>False when it cannot be saved, or the directory is not ours: the list there is somebody else's.</returns>
    private bool SavePurges()
    {
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                lock (_publishing)
                {
                    if (_lock is null || Volatile.Read(ref _stopped))
                    {
                        return false;
                    }

                    Purges.Save();
                    Volatile.Write(ref _unsaved, null);
                    return true;
                }
            }
            catch (IOException error) when (isFirst && DiskRoom.IsCause(error))
            {
                List<ObjectName> victims = [];
                TryMakeRoom(1, victims);
                victims.ForEach(DeleteEvicted);
            }
            catch (IOException error)
            {
                WriteFailed(error);
                Volatile.Write(ref _unsaved, _writing.Reason ?? error.Message);
                return false;
            }
        }
    }

    /// <summary>Looks through all files for what was purged; then those purges are done.</summary>
    private async Task LookThroughAsync()
    {
        var waiting = TakeWaiting();
        var upTo = Volatile.Read(ref _sweepUpTo);
        Volatile.Write(ref _sweepAgainAt, long.MaxValue);
        var left = Volatile.Read(ref _left);
        var clearedUpTo = Volatile.Read(ref _clearedUpTo);
        Volatile.Write(ref _swept, 0);
        var looked = 0;
        for (var slot = 0; ; slot++)
        {
            ObjectName name;
            long sequence;
            bool isThere;
            lock (_changing)
            {
                if (slot >= _index.Slots)
                {
                    break;
                }

                if (_stopped)
                {
                    Answer(waiting, _swept);
                    return; // a successor does it
                }

                isThere = _index.TryAt(slot, out name, out sequence);
            }

            if (!isThere)
            {
                continue;
            }

            if (sequence <= clearedUpTo || (!Purges.IsEmpty && await _writers.RunAsync(() => IsPurged(name, upTo))))
            {
                Interlocked.Increment(ref _swept);
                Drop(name);
            }

            if (++looked % BeforePause == 0)
            {
                await Task.Delay(s_pause, _ending.Token);
            }
        }

        // The purges are needed until the last of the files is gone, evicted ones included.
        await DoneAsync();
        List<ObjectName> dying;
        lock (_changing)
        {
            dying = [.. _dying];
        }

        await _writers.RunAsync(() =>
        {
            dying.ForEach(DeleteEvicted);
            return true;
        });
        _sweptUpTo = upTo;
        if (Volatile.Read(ref _left) == left)
        {
            Purges.Retire(upTo);
            _untilSweptAgain = s_untilSweptAgain;
            await _writers.RunAsync(SavePurges);
        }
        else
        {
            _untilSweptAgain = TimeSpan.FromTicks(Math.Min(_untilSweptAgain.Ticks * 2, s_mostUntilSweptAgain.Ticks));
        }

        Answer(waiting, Volatile.Read(ref _swept));
    }

    private bool IsPurged(ObjectName name, long upTo)
    {
        if (ReadLayout(name, out var isLeft) is { } layout)
        {
            return Purges.Covers(layout.Head.Key, layout.Purges, upTo);
        }

        if (isLeft)
        {
            Left();
        }

        return false;
    }

    /// <summary>A file is there that should have been deleted, or looked at for that: all are looked through again later, and until then no purge is done.</summary>
    private void Left()
    {
        Interlocked.Increment(ref _left);
        Interlocked.CompareExchange(ref _sweepAgainAt, (_time.GetUtcNow() + _untilSweptAgain).UtcTicks, long.MaxValue);
    }

    private static void Raise(ref long value, long to)
    {
        for (var seen = Volatile.Read(ref value); seen < to;)
        {
            var was = Interlocked.CompareExchange(ref value, to, seen);
            if (was == seen)
            {
                return;
            }

            seen = was;
        }
    }

    private List<TaskCompletionSource<int>> TakeWaiting()
    {
        lock (_sweepsWanted)
        {
            List<TaskCompletionSource<int>> taken = [.. _sweepsWanted];
            _sweepsWanted.Clear();
            return taken;
        }
    }

    private static void Answer(List<TaskCompletionSource<int>> waiting, int count)
    {
        foreach (var one in waiting)
        {
            one.TrySetResult(count);
        }
    }
}
