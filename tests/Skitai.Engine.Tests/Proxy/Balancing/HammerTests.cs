using Skitai.Engine.Proxy.Balancing;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Proxy.Balancing;

/// <summary>Many threads, every kind of outcome: what must hold in the end, and all along.</summary>
public class HammerTests
{
    private const int Threads = 8;
    private const int PerThread = 5_000;

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(3, 3)]
    public async Task Everything_given_comes_back_and_limits_hold(int maxConnections, int seed)
    {
        var settings = TestCluster.Settings("127.0.0.1:1", "127.0.0.1:2 3", "127.0.0.1:3", "127.0.0.1:4") with
        {
            MaxConnections = maxConnections,
            MaxQueue = 10_000,
            Retries = 2,
            SlowStart = TimeSpan.FromSeconds(5),
        };
        await using var test = await TestCluster.StartAsync(settings);
        long most = 0;
        using var over = new CancellationTokenSource();
        var clock = Task.Run(async () =>
        {
            var random = new Random(seed);
            while (!over.IsCancellationRequested)
            {
                test.Pass(0.05);
                switch (random.Next(8))
                {
                    case 0:
                        test.Cluster.Drain($"127.0.0.1:{random.Next(1, 4)}", drained: true);
                        break;
                    case 1 or 2 or 3:
                        test.Cluster.Drain($"127.0.0.1:{random.Next(1, 4)}", drained: false);
                        break;
                    case 4:
                        var weight = random.Next(1, 5);
                        await test.Cluster.ApplyAsync(
                            settings with { Members = [.. settings.Members.Skip(random.Next(2)).Select(one => one with { Weight = weight })] },
                            TimeSpan.FromMinutes(10), // nobody's wait ends before his turn
                            over.Token);
                        break;
                    case 5:
                        test.Cluster.GetStatus();
                        break;
                }

                await Task.Yield();
            }
        }, TestContext.Current.CancellationToken);
        var served = await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() => UseAsync(new Random((seed * 100) + thread)))));
        await over.CancelAsync();
        try
        {
            await clock;
        }
        catch (OperationCanceledException)
        {
            // it was at a reload
        }

        Assert.True(served.Sum() > 0);
        Assert.InRange(most, 1, maxConnections == 0 ? Threads : maxConnections);
        Assert.All(test.Cluster.GetStatus().Members, static member => Assert.Equal((0, false), (member.InHand, member.Suspect)));
        Assert.DoesNotContain(test.Cluster.GetStatus().Members, static member => member.State is "leaving" or "trial");
        Assert.Equal(0, test.Cluster.GetStatus().Waiting);

        // And it still works.
        await test.Cluster.ApplyAsync(settings, TestCluster.Patience, TestContext.Current.CancellationToken);
        foreach (var member in settings.Members)
        {
            Assert.True(test.Cluster.Drain(member.Authority, drained: false));
        }

        for (var second = 0; second < 40; second++)
        {
            test.Pass(1);
            test.Ask();
        }

        Assert.All(test.Cluster.GetStatus().Members, static member => Assert.Equal("up", member.State));
        Assert.Equal(4, test.Count(500).Count);

        async Task<long> UseAsync(Random random)
        {
            long answered = 0;
            var choice = new MemberChoice();
            for (var at = 0; at < PerThread; at++)
            {
                choice.Replayable = random.Next(2) == 0;
                using var client = new CancellationTokenSource();
                if (random.Next(20) == 0)
                {
                    client.CancelAfter(TimeSpan.FromMilliseconds(random.Next(3)));
                }

                try
                {
                    while (await test.Cluster.TakeAsync(choice, client.Token) is { } member)
                    {
                        var inHand = maxConnections == 0 ? 1 : member.InHand;
                        for (var seen = Volatile.Read(ref most); inHand > seen; seen = Volatile.Read(ref most))
                        {
                            Interlocked.CompareExchange(ref most, inHand, seen);
                        }

                        Assert.Equal(0, ((FakeConnections)member.Connections).Disposals);
                        if (random.Next(4) != 0)
                        {
                            choice.Sent();
                        }

                        var fate = random.Next(100);
                        if (fate < 8)
                        {
                            choice.Failed(TestCluster.Fault((MemberFault)random.Next(6)));
                            continue;
                        }

                        if (fate < 10)
                        {
                            break; // the client went away
                        }

                        choice.Answered(fate < 20 ? 503 : 200);
                        if (fate < 20)
                        {
                            continue;
                        }

                        if (fate < 22)
                        {
                            choice.Failed(TestCluster.Fault(MemberFault.BrokenOff));
                        }
                        else if (fate < 40)
                        {
                            await Task.Yield();
                        }

                        answered++;
                        break;
                    }
                }
                catch (OperationCanceledException)
                {
                    Assert.Null(choice.Member);
                }

                choice.End();
            }

            return answered;
        }
    }

    [Fact]
    public async Task No_wake_up_is_lost_where_one_slot_goes_from_hand_to_hand()
    {
        await using var test = await TestCluster.StartAsync(TestCluster.Settings("127.0.0.1:1") with { MaxConnections = 1, MaxQueue = 1000 });
        var inside = 0;
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => Task.Run(async () =>
        {
            var choice = new MemberChoice { Replayable = true };
            for (var at = 0; at < PerThread; at++)
            {
                // No clock moves here: whoever is not woken by a release waits for ever, and the test with him.
                Assert.NotNull(await test.Cluster.TakeAsync(choice, TestContext.Current.CancellationToken));
                Assert.Equal(1, Interlocked.Increment(ref inside));
                choice.Answered(200);
                Interlocked.Decrement(ref inside);
                choice.End();
            }
        }))).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(Threads * PerThread, test.Status("127.0.0.1:1").Requests);
        Assert.Equal(0, test.Member("127.0.0.1:1").InHand);
    }
}
