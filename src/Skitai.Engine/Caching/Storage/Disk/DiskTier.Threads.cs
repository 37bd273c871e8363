namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>Waits for the disk, but not for long: one that hangs makes misses, not a crowd that waits for it.</summary>
internal sealed partial class DiskTier
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2), s_writePatience = TimeSpan.FromSeconds(5);

    private readonly DiskThreads _readers = new("cache reader", 8);
    private readonly DiskThreads _writers = new("cache writer", 4);

    /// <summary>Whether look-ups do without the disk for a while: the last one did not end in time.</summary>
    public bool IsSlow => _answering.IsPausing;

    /// <summary>Reads from the disk on a thread of its own.</summary>
    /// <param name="work">Reads. May go on when nobody waits any more: nothing that it uses may be the caller's then.</param>
    /// <param name="late">What is given when it takes too long.</param>
    /// <param name="drop">Gets what comes after that; null = nothing is to be done with it.</param>
    /// <param name="cancellation">Nobody wants it any more.</param>
    public async ValueTask<T> ReadInTimeAsync<T>(Func<T> work, T late, Action<T>? drop, CancellationToken cancellation)
    {
        var reading = _readers.RunAsync(work);
        try
        {
            return await OnTimeAsync(reading.WaitAsync(s_patience, _time, cancellation));
        }
        catch (TimeoutException)
        {
            if (reading.IsCompleted)
            {
                return await OnTimeAsync(reading); // it ended just then
            }

            _answering.Failed(NoAnswer(s_patience));
            DropLate(reading, drop);
            return late;
        }
        catch (OperationCanceledException)
        {
            // Ended by now or not: nobody gets it.
            DropLate(reading, drop);
            throw;
        }
    }

    /// <summary>Writes to the disk on a thread of its own, as <see cref="ReadInTimeAsync"/> reads; when that takes too long nothing more is written for a while.</summary>
    public async ValueTask<T> WriteInTimeAsync<T>(Func<T> work, T late, Action<T>? drop)
    {
        var writing = _writers.RunAsync(work);
        try
        {
            return await writing.WaitAsync(s_writePatience, _time);
        }
        catch (TimeoutException)
        {
            if (writing.IsCompleted)
            {
                return await writing; // it ended just then
            }

            _writing.Failed(NoAnswer(s_writePatience));
            DropLate(writing, drop);
            return late;
        }
    }

    private async ValueTask<T> OnTimeAsync<T>(Task<T> reading)
    {
        var result = await reading;
        _answering.Worked();
        return result;
    }

    private static IOException NoAnswer(TimeSpan within) => new($"the disk does not answer within {within.TotalSeconds:0} seconds");

    private static void DropLate<T>(Task<T> work, Action<T>? drop) => _ = DropLateAsync(work, drop);

    private static async Task DropLateAsync<T>(Task<T> work, Action<T>? drop)
    {
        await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (work.IsCompletedSuccessfully)
        {
            drop?.Invoke(work.Result);
        }
    }
}
