using System.Globalization;
using Skitai.Configuration.Settings;
using Skitai.Engine.Tests.Hosting;

namespace Skitai.Engine.Tests.Caching;

/// <summary>The whole way: a client, a cluster's mount with the cache before it, and a member over HTTP/1.1.</summary>
public sealed class CachedClusterTests
{
    private int _asked;

    [Fact]
    public async Task A_clusters_answers_are_kept_as_they_allow()
    {
        await using var member = await StartMemberAsync();
        await using var front = await StartFrontAsync(member, cluster => cluster);
        using var client = Client(front);
        Assert.Equal("/fresh 1", await client.GetStringAsync("/c/fresh", TestContext.Current.CancellationToken));
        Assert.Equal("/fresh 1", await client.GetStringAsync("/c/fresh", TestContext.Current.CancellationToken));
        Assert.Equal("/other 2", await client.GetStringAsync("/c/other", TestContext.Current.CancellationToken));
        Assert.Equal("/other 3", await client.GetStringAsync("/c/other", TestContext.Current.CancellationToken));
        using var posted = await client.PostAsync("/c/fresh", new StringContent("x"), TestContext.Current.CancellationToken);
        Assert.Equal("/fresh 5", await client.GetStringAsync("/c/fresh", TestContext.Current.CancellationToken));
        var status = front.GetStatus().Cache;
        Assert.Equal((1, 2), (status.Hits, status.Stored));
    }

    [Fact]
    public async Task A_cluster_may_do_without_the_cache()
    {
        await using var member = await StartMemberAsync();
        await using var front = await StartFrontAsync(member, cluster => cluster with { Cache = false });
        using var client = Client(front);
        Assert.Equal("/fresh 1", await client.GetStringAsync("/c/fresh", TestContext.Current.CancellationToken));
        using var answer = await client.GetAsync("/c/fresh", TestContext.Current.CancellationToken);
        Assert.Equal("/fresh 2", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.False(answer.Headers.Contains("Cache-Status"));
    }

    [Fact]
    public async Task A_client_of_a_sticky_cluster_gets_its_cookie_with_an_answer_that_is_not_kept()
    {
        await using var member = await StartMemberAsync();
        await using var front = await StartFrontAsync(member, cluster => cluster with { Sticky = true });
        using var client = Client(front);
        foreach (var (path, isSet) in new[] { ("/c/other", true), ("/c/other", true), ("/c/fresh", false), ("/c/fresh", false) })
        {
            using var answer = await client.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal(isSet, answer.Headers.Contains("Set-Cookie"));
        }
    }

    private static HttpClient Client(Instance instance) =>
        new(new SocketsHttpHandler { UseCookies = false, UseProxy = false }) { BaseAddress = new Uri($"http://{instance.Address}") };

    private Task<Instance> StartMemberAsync() => TestInstances.StartAsync(new TextMount("/", exchange =>
    {
        if (exchange.Path == "/fresh" && exchange.Method == "GET")
        {
            exchange.Response.Headers.CacheControl = "max-age=60";
        }

        return TextMount.WriteAsync(exchange, string.Create(CultureInfo.InvariantCulture, $"{exchange.Path} {Interlocked.Increment(ref _asked)}"));
    }));

    private static Task<Instance> StartFrontAsync(Instance member, Func<ClusterSettings, ClusterSettings> change) => Instance.StartAsync(
        TestInstances.Settings() with
        {
            Clusters = [change(new ClusterSettings { Name = "@test", Members = [new ClusterMember("127.0.0.1", member.Address.Port)] })],
            Hosts = [new VirtualHostSettings([], [new MountSettings("/c", new ClusterTarget("@test"), 1)])],
        },
        new InstanceEnvironment(),
        TestContext.Current.CancellationToken);
}
