using Skitai.Engine.Caching.Storage.Disk;

namespace Skitai.Engine.Tests.Caching.Storage;

#pragma warning disable MA0012 // what the runtime throws where there is no room for a thread
public sealed class DiskThreadsTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Where_no_thread_can_be_had_the_work_is_done_all_the_same()
    {
        var asked = 0;
        var threads = new DiskThreads("test", 4, _ =>
        {
            asked++;
            throw new InsufficientMemoryException();
        });
        for (var number = 0; number < 100; number++)
        {
            Assert.Equal(number, await threads.RunAsync(() => number).WaitAsync(s_patience, Cancellation));
        }

        Assert.InRange(asked, 1, 100);
    }

    [Fact]
    public async Task Where_no_more_threads_can_be_had_those_that_there_are_do_it()
    {
        using var goesOn = new SemaphoreSlim(0);
        List<int> doneBy = [];
        Thread? only = null;
        var threads = new DiskThreads("test", 4, work =>
        {
            if (only is not null)
            {
                throw new InsufficientMemoryException();
            }

            only = new Thread(work) { IsBackground = true };
            only.Start();
        });
        var first = threads.RunAsync(() => goesOn.Wait(s_patience, Cancellation));
        var others = Enumerable.Range(0, 10).Select(_ => threads.RunAsync(() =>
        {
            doneBy.Add(Environment.CurrentManagedThreadId);
            return true;
        })).ToArray();
        Assert.All(others, static other => Assert.False(other.IsCompleted));
        goesOn.Release();
        Assert.True(await first.WaitAsync(s_patience, Cancellation));
        await Task.WhenAll(others).WaitAsync(s_patience, Cancellation);
        Assert.Equal(Enumerable.Repeat(only!.ManagedThreadId, 10), doneBy);
    }

    [Fact]
    public async Task Threads_are_asked_for_again_when_they_were_not_to_be_had_once()
    {
        var started = 0;
        var isShort = true;
        var threads = new DiskThreads("test", 2, work =>
        {
            if (isShort)
            {
                throw new InsufficientMemoryException();
            }

            started++;
            new Thread(work) { IsBackground = true }.Start();
        });
        using var goesOn = new SemaphoreSlim(0);
        var first = threads.RunAsync(() => goesOn.Wait(s_patience, Cancellation));
        isShort = false;
        Assert.True(await threads.RunAsync(() => true).WaitAsync(s_patience, Cancellation));
        Assert.Equal(1, started);
        goesOn.Release();
        Assert.True(await first);
    }
}
