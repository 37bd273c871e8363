using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Proxy.Caching;

/// <summary>What the cache keeps on disk, whatever happens to the process and to the disk.</summary>
public sealed class CacheOnDiskTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_while_it_writes_it_never_gives_a_wrong_answer_and_has_most_of_what_it_had()
    {
        await using var site = await CachingSite.StartAsync();
        string[] lengths = ["0", "100", "5000", "70000", "300000"];
        var random = new Random(3);
        for (var kill = 0; kill < 4; kill++)
        {
            using var ends = new CancellationTokenSource();
            var stage = kill;
            var clients = Enumerable.Range(0, 4).Select(client => Task.Run(() => AskAsync(stage, new Random((stage * 10) + client), ends.Token), Cancellation)).ToArray();
            var before = site.Member.Asked;
            var pid = await site.Daemon.InstancePidAsync("shop");
            await TestDaemon.WaitAsync("there was something to write", () => site.Member.Asked > before + 40 + random.Next(40) || clients.Any(client => client.IsFaulted));
            TestDaemon.Signal(pid, Posix.SigKill);
            await site.Daemon.WaitForAnotherProcessAsync("shop", pid);
            await ends.CancelAsync();
            await Task.WhenAll(clients);
        }

        await site.WaitForDiskAsync();
        var hits = 0;
        for (var number = 0; number < 4 * 150; number++)
        {
            hits += await site.AskAsync(PathOf(number / 150, number % 150)) ? 1 : 0;
        }

        Assert.InRange(hits, 50, 600);
        Assert.Equal(0, (await site.CacheAsync()).TryGetProperty("damaged", out var damaged) ? damaged.GetInt64() : 0);

        string PathOf(int stage, int number) => $"/k{stage}-{number}/{lengths[number % lengths.Length]}";

        async Task AskAsync(int stage, Random mine, CancellationToken end)
        {
            while (!end.IsCancellationRequested)
            {
                try
                {
                    await site.AskAsync(PathOf(mine.Next(stage + 1), mine.Next(600)));
                }
                catch (Exception gone) when (gone is HttpRequestException or IOException)
                {
                    // The process is gone for a moment.
                }
            }
        }
    }

    [Fact]
    public async Task What_root_has_kept_a_lesser_user_goes_on_with()
    {
        Assert.SkipUnless(Posix.IsRoot, "only root can change the user");
        await using var site = await CachingSite.StartAsync(cache: "cache_memory = 0\ncache_disk = 64");
        site.Daemon.LetEverybodyIn();
        Assert.False(await site.AskAsync("/a/5000"));
        Assert.False(await site.AskAsync("/b/300000"));
        await TestDaemon.WaitAsync("both were on disk", async () => await site.DiskObjectsAsync() > 2);

        foreach (var server in new[] { "user = nobody", "user = daemon", "", "user = nobody" })
        {
            site.WriteConf(server, "cache_memory = 0\ncache_disk = 64");
            await site.RunAsync("restart");
            await site.WaitForDiskAsync();
            Assert.True(await site.AskAsync("/a/5000"));
            Assert.True(await site.AskAsync("/b/300000"));
            Assert.False((await site.CacheAsync()).TryGetProperty("trouble", out var trouble), trouble.ToString());
        }
    }

    [Fact]
    public async Task What_a_lesser_user_has_put_there_makes_root_give_away_nothing_else()
    {
        Assert.SkipUnless(Posix.IsRoot, "only root can change the user");
        await using var site = await CachingSite.StartAsync();
        site.Daemon.LetEverybodyIn();
        site.WriteConf("user = nobody");
        await site.RunAsync("restart");
        var secrets = System.IO.Directory.CreateDirectory(Path.Combine(site.Daemon.Root, "secrets")).FullName;
        var secret = Path.Combine(secrets, "secret");
        await File.WriteAllTextAsync(secret, "root's", Cancellation);
        var logs = Path.Combine(site.Daemon.LogPath, "instances", "shop");
        File.CreateSymbolicLink(Path.Combine(site.Directory, "link"), secret);
        File.CreateSymbolicLink(Path.Combine(logs, "link"), secret);
        System.IO.Directory.CreateSymbolicLink(Path.Combine(site.Directory, "zz"), secrets);
        site.WriteConf("user = daemon");
        await site.RunAsync("restart");
        await site.WaitForDiskAsync();
        var owner = await ClientProgram.RunAsync("stat", "-c", "%u", secret, secrets);
        Assert.Equal("0\n0\n", owner.Output);
    }

    [Fact]
    public async Task A_directory_that_is_not_to_be_had_is_told_in_one_line_and_costs_nothing_else()
    {
        await using var site = await CachingSite.StartAsync(cache: "cache_memory = 1", waitForDisk: false);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(site.Directory)!);
        await File.WriteAllTextAsync(site.Directory, "a file", Cancellation);
        site.WriteConf();
        await site.RunAsync("reload");
        await TestDaemon.WaitAsync("the trouble was told", async () => (await site.CacheAsync()).TryGetProperty("trouble", out _));
        Assert.False(await site.AskAsync("/a/5000"));
        Assert.True(await site.AskAsync("/a/5000"));
    }

    [Fact]
    public async Task A_directory_that_is_removed_is_begun_anew_and_nobody_notices()
    {
        await using var site = await CachingSite.StartAsync(cache: "cache_memory = 0\ncache_disk = 64");
        await site.AskAsync("/a/5000");
        await site.AskAsync("/b/300000");
        await TestDaemon.WaitAsync("the directory was removed", () => TryRemove(site.Directory));
        Assert.False(await site.AskAsync("/a/5000"));
        await site.AskAsync("/b/300000");
        await TestDaemon.WaitAsync("it kept answers again", async () => await site.AskAsync("/a/5000") & await site.AskAsync("/c/300000"));
    }

    /// <summary>Removes a directory in which somebody may write at the same time.</summary>
    private static bool TryRemove(string directory)
    {
        try
        {
            System.IO.Directory.Delete(directory, recursive: true);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
