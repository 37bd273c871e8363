namespace Skitai.Engine.Logging;

/// <summary>
/// The one thread that writes all logs of the process. It sleeps while there is nothing to write; from the first line on
/// it waits a little for more to come, so a busy server writes ten times a second, whatever its requests.
/// </summary>
internal sealed class LogWriter : IDisposable
{
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(100), Retry = TimeSpan.FromSeconds(1);

    private readonly ManualResetEventSlim _work = new(false, spinCount: 0), _hurry = new(false, spinCount: 0);
    private readonly Lock _gate = new();
    private readonly Thread _thread;
    private LogFile[] _files = [];
    private List<TaskCompletionSource> _flushes = [];
    private bool _stopping;

    /// <summary>Starts the thread.</summary>
    public LogWriter()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "log writer" };
        _thread.Start();
    }

    /// <summary>Takes a log in its care.</summary>
    public LogFile Add(string path, LogClock clock, LogRotation rotation)
    {
        var file = new LogFile(path, this, clock, rotation);
        lock (_gate)
        {
            _files = [.. _files, file];
        }

        return file;
    }

    /// <summary>There is something to write.</summary>
    /// <param name="hurry">It should not wait for more.</param>
    public void Wake(bool hurry)
    {
        _work.Set();
        if (hurry)
        {
            _hurry.Set();
        }
    }

    /// <summary>Completes when everything appended before is given to the disk, or the disk has refused it.</summary>
    public Task FlushAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_stopping)
            {
                return Task.CompletedTask;
            }

            _flushes.Add(done);
        }

        Wake(hurry: true);
        return done.Task;
    }

    /// <summary>Rotates every log now.</summary>
    /// <returns>A line for each that could not be rotated or cannot be written, with why.</returns>
    public async Task<IReadOnlyList<string>> RotateAsync()
    {
        var files = Volatile.Read(ref _files);
        foreach (var file in files)
        {
            file.RequestRotation();
        }

        await FlushAsync().ConfigureAwait(false);
        return [.. files.Select(file => (file.Path, file.Problem)).Where(file => file.Problem is not null).Select(file => $"{file.Path}: {file.Problem}")];
    }

    /// <summary>Writes out everything and ends the thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
        }

        Wake(hurry: true);
        if (_thread.Join(TimeSpan.FromSeconds(5)))
        {
            _work.Dispose();
            _hurry.Dispose();
        }
    }

    private void Run()
    {
        var failing = false;
        var lastRounds = 0;
        while (true)
        {
            _work.Wait(failing ? Retry : Timeout.InfiniteTimeSpan);
            _hurry.Wait(lastRounds > 0 ? TimeSpan.Zero : Gather);
            _work.Reset();
            _hurry.Reset();
            List<TaskCompletionSource> flushes;
            bool stopping;
            lock (_gate)
            {
                (flushes, _flushes) = (_flushes, []);
                stopping = _stopping;
            }

            failing = false;
            var more = false;
            foreach (var file in Volatile.Read(ref _files))
            {
                more |= file.WriteOut();
                failing |= file.IsFailing;
            }

            if (more)
            {
                _work.Set(); // the next round is not left to the line that happens to come next
            }

            foreach (var flush in flushes)
            {
                flush.SetResult();
            }

            // The end of what is there to be told, not of what a busy server goes on telling.
            if (stopping && (!more || ++lastRounds == 3))
            {
                break;
            }
        }

        foreach (var file in _files)
        {
            file.Dispose();
        }
    }
}
