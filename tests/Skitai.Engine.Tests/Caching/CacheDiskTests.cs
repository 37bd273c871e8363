using Skitai.Engine.Tests.Apps;
using Skitai.Engine.Tests.Hosting;

namespace Skitai.Engine.Tests.Caching;

public sealed class CacheDiskTests
{
    private const int Megabyte = 1024 * 1024;

    [Fact]
    public async Task What_is_on_disk_is_there_after_a_restart_with_its_age_and_selection()
    {
        using var directory = new TemporaryDirectory();
        await using (var site = await CacheSite.StartAsync(Megabyte, 64 * Megabyte, directory.Path))
        {
            await TestInstances.UntilAsync(() => site.Cache.Store.IsDiskReady, "the disk");
            site.Origin.Answer("Cache-Control: max-age=60 | Vary: Foo | ETag: \"a\"", "hello");
            await site.SendAsync("/x", "Foo: 1 | Host: a.example");
            await TestInstances.UntilAsync(() => site.Cache.GetStatus().DiskObjects == 1, "the object on disk");
        }

        await using (var site = await CacheSite.StartAsync(Megabyte, 64 * Megabyte, directory.Path))
        {
            site.Wait(20);
            await TestInstances.UntilAsync(() => site.Cache.Store.IsDiskReady, "the disk");
            var hit = await site.SendAsync("/x", "Foo: 1 | Host: a.example");
            Assert.Empty(site.Origin.Asked);
            Assert.Equal(("hello", "20", "skitaid; hit; ttl=40"), (hit.Body, hit["Age"], hit.Cache));
            Assert.False((await site.SendAsync("/x", "Foo: 2 | Host: a.example")).IsHit);
        }
    }

    [Fact]
    public async Task A_body_larger_than_memory_is_kept_on_disk_and_sent_from_there()
    {
        using var directory = new TemporaryDirectory();
        await using var site = await CacheSite.StartAsync(Megabyte, 64 * Megabyte, directory.Path);
        await TestInstances.UntilAsync(() => site.Cache.Store.IsDiskReady, "the disk");
        var body = string.Concat(Enumerable.Range(0, 600_000).Select(i => $"{i:x6}"));
        site.Origin.Answer("Cache-Control: max-age=60 | ETag: \"a\"", body);
        Assert.Equal(body, (await site.SendAsync()).Body);
        await TestInstances.UntilAsync(() => site.Cache.GetStatus().DiskObjects == 1, "the object on disk");
        for (var i = 0; i < 2; i++)
        {
            var hit = await site.SendAsync();
            Assert.True(hit.IsHit);
            Assert.Equal(body, hit.Body);
        }

        Assert.Equal(body[2_000_000..3_500_001], (await site.SendAsync(fields: "Range: bytes=2000000-3500000")).Body);
        Assert.Equal(304, (await site.SendAsync(fields: "If-None-Match: \"a\"")).Status);
        Assert.Single(site.Origin.Asked);
        Assert.Equal(1, await site.Cache.PurgeAllAsync());
        Assert.False((await site.SendAsync()).IsHit);
    }
}
