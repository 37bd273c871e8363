using Skitai.Engine.Proxy.Balancing;

namespace Skitai.Engine.Tests.Proxy.Balancing;

/// <summary>Who gets how much.</summary>
public class SharesTests
{
    [Fact]
    public async Task Requests_one_at_a_time_are_shared_by_weight()
    {
        await using var test = await TestCluster.StartAsync("127.0.0.1:1", "127.0.0.1:2 3", "127.0.0.1:3 6");
        var counts = test.Count(10_000);
        Assert.Equal(3, counts.Count);
        Assert.InRange(counts["127.0.0.1:1"], 850, 1150); // five standard deviations
        Assert.InRange(counts["127.0.0.1:2"], 2770, 3230);
        Assert.InRange(counts["127.0.0.1:3"], 5755, 6245);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(40)]
    [InlineData(1000)]
    public async Task What_is_in_hand_at_once_is_shared_by_weight_to_the_last_request(int requests)
    {
        await using var test = await TestCluster.StartAsync("127.0.0.1:1", "127.0.0.1:2 3", "127.0.0.1:3 6");
        var choices = Enumerable.Range(0, requests).Select(_ => test.Take()).ToList();
        Assert.Equal(requests / 10, test.Member("127.0.0.1:1").InHand);
        Assert.Equal(requests * 3 / 10, test.Member("127.0.0.1:2").InHand);
        Assert.Equal(requests * 6 / 10, test.Member("127.0.0.1:3").InHand);
        choices.ForEach(static choice => choice.End());
        Assert.All(test.Cluster.GetMembers(), static member => Assert.Equal(0, member.InHand));
    }

    [Theory]
    [InlineData(2, 0.18, 0.32)]
    [InlineData(3, 0.18, 0.35)]
    [InlineData(8, 0.22, 0.28)]
    [InlineData(50, 0.24, 0.26)]
    public async Task A_steady_number_of_clients_gives_shares_near_the_weights(int clients, double least, double most)
    {
        await using var test = await TestCluster.StartAsync("127.0.0.1:1", "127.0.0.1:2 3");
        var random = new Random(3);
        var choices = Enumerable.Range(0, clients).Select(_ => test.Take()).ToList();
        var light = 0;
        for (var at = 0; at < 20_000; at++)
        {
            var index = random.Next(clients);
            choices[index].Answered(200);
            choices[index].End();
            choices[index] = test.Take();
            light += choices[index].Member!.Label == "127.0.0.1:1" ? 1 : 0;
        }

        Assert.InRange(light / 20_000.0, least, most);
    }

    [Fact]
    public async Task Among_equals_the_idle_one_gets_the_request()
    {
        await using var test = await TestCluster.StartAsync("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3");
        for (var round = 0; round < 100; round++)
        {
            var choices = Enumerable.Range(0, 3).Select(_ => test.Take()).ToList();
            Assert.Equal(3, choices.DistinctBy(static choice => choice.Member).Count());
            choices.ForEach(static choice => choice.End());
        }
    }

    [Fact]
    public async Task A_client_stays_with_the_member_of_its_token()
    {
        await using var test = await TestCluster.StartAsync("127.0.0.1:1", "127.0.0.1:2 100", "127.0.0.1:3 100");
        var token = test.Member("127.0.0.1:1").Token;
        Assert.Same(test.Member("127.0.0.1:1"), test.Cluster.Find(token));
        var busy = Enumerable.Range(0, 20).Select(_ => test.Take(token: token)).ToList();
        Assert.All(busy, static choice => Assert.Equal("127.0.0.1:1", choice.Member!.Label));
        busy.ForEach(static choice => choice.End());

        Assert.True(test.Cluster.Drain("127.0.0.1:1", drained: true));
        Assert.NotEqual("127.0.0.1:1", test.Ask(token: token));
        Assert.True(test.Cluster.Drain("127.0.0.1:1", drained: false));
        Assert.Equal("127.0.0.1:1", test.Ask(token: token));
        test.TakeDown("127.0.0.1:1");
        Assert.NotEqual("127.0.0.1:1", test.Ask(token: token));
    }

    [Fact]
    public async Task A_token_is_the_same_in_another_process_and_differs_between_members_and_clusters()
    {
        await using var test = await TestCluster.StartAsync("127.0.0.1:1", "127.0.0.1:2");
        await using var again = await TestCluster.StartAsync("127.0.0.1:2", "127.0.0.1:1");
        await using var other = await TestCluster.StartAsync(TestCluster.Settings("127.0.0.1:1") with { Name = "@other" });
        var token = test.Member("127.0.0.1:1").Token;
        Assert.Equal(token, again.Member("127.0.0.1:1").Token);
        Assert.NotEqual(token, test.Member("127.0.0.1:2").Token);
        Assert.NotEqual(token, other.Member("127.0.0.1:1").Token);
        Assert.Matches("^[A-Za-z0-9_-]{8}$", token);
        Assert.Null(other.Cluster.Find(token));
    }

    [Fact]
    public async Task Choosing_and_giving_back_allocates_nothing()
    {
        await using var test = await TestCluster.StartAsync("127.0.0.1:1", "127.0.0.1:2 3", "127.0.0.1:3 6");
        var choice = new MemberChoice();
        Use(1000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Use(1000);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Use(int times)
        {
            for (var at = 0; at < times; at++)
            {
                choice.Replayable = true;
                test.Again(choice);
                choice.Answered(200);
                choice.Release();
                choice.End();
            }
        }
    }
}
