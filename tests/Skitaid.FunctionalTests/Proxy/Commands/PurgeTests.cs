using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Proxy.Commands;

/// <summary><c>skitaid -f NAME purge</c>, and what <c>status</c> says of the cache.</summary>
public sealed class PurgeTests
{
    private const string Kept = "Cache-Control: public, max-age=3600\r\n";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_url_all_that_begin_alike_or_all_are_fetched_anew()
    {
        await using var site = await ClusterSite.StartAsync(Kept);
        string[] paths = ["/news/1", "/news/2?a=b", "/other"];
        await AskTwiceAsync(site, paths);
        Assert.Equal(3, Fetched(site));

        Assert.Equal("shop: 1 stored answer purged\n", await PurgeAsync(site, site.Url("/news/1").ToString()));
        await AskTwiceAsync(site, paths);
        Assert.Equal(4, Fetched(site));

        Assert.Equal("shop: 2 stored answers purged\n", await PurgeAsync(site, site.Url("/news/") + "*"));
        await AskTwiceAsync(site, paths);
        Assert.Equal(6, Fetched(site));

        Assert.Equal("shop: 3 stored answers purged\n", await PurgeAsync(site, "--all"));
        await AskTwiceAsync(site, paths);
        Assert.Equal(9, Fetched(site));
        Assert.Equal("shop: 0 stored answers purged\n", await PurgeAsync(site, "http://other.example/news/1"));
    }

    [Fact]
    public async Task What_is_on_disk_outlives_a_restart_and_can_be_purged_then()
    {
        await using var site = await ClusterSite.StartAsync(Kept);
        site.WriteConf("slow_start = 0\n[proxypass]\ncache_disk = 10");
        Assert.Equal(0, (await site.RunAsync("reload")).ExitCode);
        await TestDaemon.WaitAsync("it was written to disk", async () =>
        {
            await AskTwiceAsync(site, [$"/disk/{Fetched(site)}", "/disk"]);
            return (await CacheAsync(site)).GetProperty("disk_objects").GetInt64() > 1;
        });
        Assert.True(Directory.Exists(Path.Combine(site.Daemon.VarPath, "cache", "shop")));

        Assert.Equal(0, (await site.RunAsync("restart")).ExitCode);
        await TestDaemon.WaitAsync("the successor had found it", async () => (await CacheAsync(site)).GetProperty("disk_objects").GetInt64() > 1);
        await AskTwiceAsync(site, ["/moved"]); // the client's connection was the old process's
        var before = Fetched(site);
        await AskTwiceAsync(site, ["/disk"]);
        Assert.Equal(before, Fetched(site));

        await PurgeAsync(site, "--all");
        await AskTwiceAsync(site, ["/disk"]);
        Assert.Equal(before + 1, Fetched(site));
        Assert.False((await CacheAsync(site)).TryGetProperty("trouble", out var trouble), trouble.ToString());
    }

    [Fact]
    public async Task Status_tells_what_the_cache_holds_and_was_good_for()
    {
        await using var site = await ClusterSite.StartAsync(Kept);
        await AskTwiceAsync(site, ["/a", "/b"]);

        var cache = await CacheAsync(site);
        Assert.Equal((2, 2, 2), (cache.GetProperty("hits").GetInt64(), cache.GetProperty("misses").GetInt64(), cache.GetProperty("memory_objects").GetInt64()));
        Assert.Equal(0.5, cache.GetProperty("hit_ratio").GetDouble());
        var text = (await site.Daemon.RunAsync("status")).Output;
        Assert.Matches(@"\n  cache: memory 0\.[0-9] MB of 8\.0 MB \(2 answers\)\n    2 hits \(50\.0 %, 0 stale\), 2 misses, 0 collapsed\n", text);
    }

    [Fact]
    public async Task What_cannot_be_purged_is_told_in_one_line()
    {
        await using var site = await ClusterSite.StartAsync(Kept);
        var part = await site.RunAsync("purge", "/news");
        Assert.Equal(2, part.ExitCode);
        Assert.StartsWith("skitaid: '/news' is not a whole URL", part.Errors, StringComparison.Ordinal);
        var nobody = await site.Daemon.RunAsync("-f", "shoop", "purge", "--all");
        Assert.Equal((1, "no instance 'shoop': there are shop\n"), (nobody.ExitCode, nobody.Errors));
    }

    private static int Fetched(ClusterSite site) => site.One.Requests + site.Two.Requests;

    private static async Task AskTwiceAsync(ClusterSite site, string[] paths)
    {
        foreach (var path in paths.Concat(paths))
        {
            await site.Daemon.Client.GetStringAsync(site.Url(path), Cancellation);
        }
    }

    private static async Task<System.Text.Json.JsonElement> CacheAsync(ClusterSite site) =>
        (await site.Daemon.StatusAsync("shop")).GetProperty("figures").GetProperty("cache");

    private static async Task<string> PurgeAsync(ClusterSite site, string what)
    {
        var result = await site.RunAsync("purge", what);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Output;
    }
}
