using Microsoft.Extensions.Time.Testing;
using Skitai.Engine.Apps;

namespace Skitai.Engine.Tests.Apps;

public sealed class WorkerMemoryLimitTests
{
    [Fact]
    public void A_worker_within_the_limit_stays_and_without_a_limit_every_one_does()
    {
        Assert.False(new WorkerMemoryLimit(100, new FakeTimeProvider()).Demands(100));
        Assert.False(new WorkerMemoryLimit(0, new FakeTimeProvider()).Demands(long.MaxValue));
    }

    [Fact]
    public void An_app_too_large_from_the_start_is_replaced_ever_more_rarely()
    {
        var time = new FakeTimeProvider();
        var limit = new WorkerMemoryLimit(100, time);
        var replaced = new List<int>();
        for (var second = 3; second <= 3600; second += 3)
        {
            time.Advance(TimeSpan.FromSeconds(3));
            if (limit.Demands(101))
            {
                replaced.Add(second);
            }
        }

        Assert.Equal([3, 6, 9, 12, 18, 27, 45, 78, 144], replaced[..9]);
        Assert.All(replaced.Zip(replaced[1..]).TakeLast(3), pair => Assert.InRange(pair.Second - pair.First, 512, 603));
    }

    [Fact]
    public void A_worker_that_grew_slowly_is_replaced_at_once()
    {
        var time = new FakeTimeProvider();
        var limit = new WorkerMemoryLimit(100, time);
        for (var i = 0; i < 5; i++)
        {
            Assert.False(limit.Demands(50));
            time.Advance(TimeSpan.FromHours(1));
            Assert.True(limit.Demands(101));
        }
    }
}
