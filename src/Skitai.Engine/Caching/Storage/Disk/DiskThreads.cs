namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>
/// Threads for calls that a hung disk may never let return: the thread pool would be short of them, and all else stand still.
/// They are started when they are needed, and end when they are not. Where none can be had, for want of memory or of threads, the
/// pool lends one.
/// </summary>
/// <param name="name">What they are called.</param>
/// <param name="most">How many there may be.</param>
/// <param name="start">Starts one; null = as a thread of its own.</param>
internal sealed class DiskThreads(string name, int most, Action<ThreadStart>? start = null)
{
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(5);

#pragma warning disable IDE0330 // a Lock cannot be waited for
    private readonly object _gate = new();
#pragma warning restore IDE0330
    private readonly Queue<Action> _waiting = [];
    private int _threads;
    private int _idle;

    /// <summary>Calls something on one of them, when its turn comes. What waits for it goes on elsewhere.</summary>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Enqueue(() =>
            {
                try
                {
                    done.SetResult(work());
                }
#pragma warning disable CA1031 // it is the caller's
                catch (Exception error)
#pragma warning restore CA1031
                {
                    done.SetException(error);
                }
            });
            if (_waiting.Count > _idle && _threads < most)
            {
                StartOne();
            }

            Monitor.Pulse(_gate);
        }

        return done.Task;
    }

    /// <summary>Under the lock.</summary>
    private void StartOne()
    {
        try
        {
            if (start is null)
            {
                new Thread(Work, 256 * 1024) { IsBackground = true, Name = name }.Start();
            }
            else
            {
                start(Work);
            }
        }
        catch (Exception error) when (error is OutOfMemoryException or ThreadStartException)
        {
            if (_threads > 0)
            {
                return; // those that there are do it
            }

            ThreadPool.UnsafeQueueUserWorkItem(static threads => threads.Work(), this, preferLocal: false);
        }

        _threads++;
    }

    private void Work()
    {
        while (true)
        {
            Action work;
            lock (_gate)
            {
                while (_waiting.Count == 0)
                {
                    _idle++;
                    var isWoken = Monitor.Wait(_gate, s_idle);
                    _idle--;
                    if (!isWoken && _waiting.Count == 0)
                    {
                        _threads--;
                        return;
                    }
                }

                work = _waiting.Dequeue();
            }

            work();
        }
    }
}
