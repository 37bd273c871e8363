using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Proxy.Caching;

/// <summary>Many clients, one fetch; purges; fetches in the background.</summary>
public sealed class SharedFetchTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_thousand_clients_on_one_cold_object_are_one_fetch()
    {
        ClientProgram.Require("h2load");
        await using var site = await CachingSite.StartAsync();
        site.Member.Delay = TimeSpan.FromSeconds(2);
        var load = await ClientProgram.RunAsync("h2load", "-n", "1000", "-c", "1000", "--h1", "-T", "30", site.Url("/cold/20000").ToString());
        Assert.True(load.ExitCode == 0, load.ToString());
        Assert.Contains(", 1000 succeeded, 0 failed", load.Output, StringComparison.Ordinal);
        Assert.Equal(1, site.Member.AskedFor("/cold/20000"));
        Assert.True(await site.AskAsync("/cold/20000"));
        Assert.Equal(1, site.Member.AskedFor("/cold/20000"));
    }

    [Fact]
    public async Task Whatever_spelling_a_client_used_a_purge_finds_it()
    {
        await using var site = await CachingSite.StartAsync();
        foreach (var (target, url) in new[]
        {
            ("/%61/5", "http://a.example/a/5"), ("/a/5", "http://A.EXAMPLE:80/%61/5"), ("/x/../a/5", "HTTP://a.example./a/./5"), ("/%c3%bc/5", "http://a.example/ü/5"),
        })
        {
            using var client = await RawClient.ConnectAsync(site.Port);
            await client.SendAsync($"GET {target} HTTP/1.1\r\nHost: A.example\r\nConnection: close\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 200 ", await client.ReadToEndAsync(), StringComparison.Ordinal);
            Assert.Equal("shop: 1 stored answer purged\n", (await site.RunAsync("purge", url)).Output);
        }
    }

    [Fact]
    public async Task A_fetch_in_the_background_comes_to_its_end_in_the_cluster_that_a_reload_takes_away()
    {
        await using var site = await CachingSite.StartAsync();
        site.Member.CacheControl = "public, max-age=1, stale-while-revalidate=3600";
        Assert.False(await site.AskAsync("/a/5"));
        await Task.Delay(1100, Cancellation); // it becomes stale
        (site.Member.Delay, site.Member.CacheControl) = (TimeSpan.FromSeconds(4), "public, max-age=3600");
        Assert.True(await site.AskAsync("/a/5"));
        await TestDaemon.WaitAsync("the fetch had begun", () => site.Member.AskedFor("/a/5") == 2);
        site.Daemon.WriteConf("shop", $"[server]\nport = {site.Port}\n[routes:line]\n/ = @others\n[@others]\nmembers = {site.Member.Authority}\n[proxypass]\ncache_memory = 1\ncache_disk = 64\n");
        await site.RunAsync("reload");
        Assert.Equal(2, site.Member.AskedFor("/a/5"));
        await TestDaemon.WaitAsync("the answer was kept", async () =>
        {
            using var answer = await site.Daemon.Client.GetAsync(site.Url("/a/5"), Cancellation);
            return !answer.Headers.GetValues("Cache-Status").Single().Contains("stale", StringComparison.Ordinal);
        });
        Assert.Equal(2, site.Member.AskedFor("/a/5"));
        Assert.DoesNotContain("broke off", await File.ReadAllTextAsync(Path.Combine(site.Daemon.LogPath, "instances", "shop", "server.log"), Cancellation), StringComparison.Ordinal);
    }
}
