using System.Text.Json;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Proxy.Caching;

/// <summary>A daemon with an instance <c>shop</c> whose root is a cluster of one <see cref="CountingMember"/>, and a cache in memory and on disk.</summary>
internal sealed class CachingSite : IAsyncDisposable
{
    public TestDaemon Daemon { get; } = new();

    public CountingMember Member { get; } = new();

    public int Port { get; } = TestDaemon.FreePort();

    /// <summary>Where the cache is on disk.</summary>
    public string Directory => Path.Combine(Daemon.VarPath, "cache", "shop");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Starts all of it.</summary>
    /// <param name="server">More of [server].</param>
    /// <param name="cache">Of [proxypass].</param>
    /// <param name="waitForDisk">Whether the disk is to be ready.</param>
    public static async Task<CachingSite> StartAsync(string server = "", string cache = "cache_memory = 1\ncache_disk = 64", bool waitForDisk = true)
    {
        var site = new CachingSite();
        try
        {
            site.WriteConf(server, cache);
            await site.Daemon.StartAsync();
            if (waitForDisk)
            {
                await site.WaitForDiskAsync();
            }

            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes the conf.</summary>
    public void WriteConf(string server = "", string cache = "cache_memory = 1\ncache_disk = 64") => Daemon.WriteConf(
        "shop", $"[server]\nport = {Port}\n{server}\n[routes:line]\n/ = @users\n[@users]\nmembers = {Member.Authority}\nslow_start = 0\n[proxypass]\n{cache}\n");

    public Uri Url(string path) => new($"http://127.0.0.1:{Port}{path}");

    /// <summary>Asks for a path; the answer has to be the one that belongs to it.</summary>
    /// <returns>Whether it was a hit.</returns>
    public async Task<bool> AskAsync(string path)
    {
        using var answer = await Daemon.Client.GetAsync(Url(path), Cancellation);
        var body = await answer.Content.ReadAsByteArrayAsync(Cancellation);
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.True(body.AsSpan().SequenceEqual(CountingMember.BodyOf(path)), $"{path} gave another body");
        return answer.Headers.GetValues("Cache-Status").Single().Contains("; hit", StringComparison.Ordinal);
    }

    public async Task<JsonElement> CacheAsync() => (await Daemon.StatusAsync("shop")).GetProperty("figures").GetProperty("cache");

    public async Task<long> DiskObjectsAsync() => (await CacheAsync()).GetProperty("disk_objects").GetInt64();

    public async Task<CommandResult> RunAsync(params string[] words)
    {
        var result = await Daemon.RunAsync(["-f", "shop", .. words]);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result;
    }

    /// <summary>The cache knows what is on disk, and writes.</summary>
    public Task WaitForDiskAsync() => TestDaemon.WaitAsync("the cache wrote to disk", async () =>
    {
        await AskAsync($"/probe{Member.Asked}/10");
        return await DiskObjectsAsync() > 0;
    });

    public async ValueTask DisposeAsync()
    {
        await Daemon.DisposeAsync();
        await Member.DisposeAsync();
    }
}
