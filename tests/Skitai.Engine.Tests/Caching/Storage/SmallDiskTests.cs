using Microsoft.Extensions.Time.Testing;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Caching.Storage.Disk;
using Skitai.Engine.Tests.Apps;

namespace Skitai.Engine.Tests.Caching.Storage;

/// <summary>A file system that holds less than cache_disk is used for as much as it holds.</summary>
public sealed class SmallDiskTests : IDisposable
{
    private const int Count = 200;

    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _time = new(Stored.Start);
    private readonly LineLog _log = new();
    private readonly bool _isMounted;

    public SmallDiskTests()
    {
        Directory.CreateDirectory(Place);
        _isMounted = Run("mount", "-t", "tmpfs", "-o", "size=2m", "none", Place) == 0;
    }

    private string Place => Path.Combine(_directory.Path, "cache");

    private IEnumerable<string> FullLines => _log.Lines.Where(line => line.Contains("the disk is full", StringComparison.Ordinal));

    public void Dispose()
    {
        if (_isMounted)
        {
            Run("umount", "-l", Place);
        }

        _directory.Dispose();
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(0, false)]
    [InlineData(200_000, true)]
    public async Task Older_objects_make_room_for_newer_ones_and_the_log_says_once_that_it_is_full(long memory, bool tellsLength)
    {
        Assert.SkipUnless(_isMounted, "needs to mount a tmpfs");
        await using var store = await OpenAsync(memory);
        for (var number = 0; number < Count; number++)
        {
            Assert.True(await Stored.PutAsync(store, Stored.Head($"k{number}"), Body(number), tellsLength), $"{number} was not taken: {store.Usage} {_log}");
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }

        await Stored.UntilAsync(() => store.Usage.DiskBytes == Stored.Size(Place));
        for (var number = Count - 10; number < Count; number++)
        {
            Assert.Equal(Body(number), await Stored.GetAsync(store, $"k{number}"));
        }

        var usage = store.Usage;
        Assert.InRange(usage.DiskBytes, 1_000_000, 2 << 20);
        Assert.True(usage.DiskEvictions > Count / 2);
        Assert.Equal(64 << 20, usage.DiskLimit);
        Assert.Matches(@"^disk is full: [12]\.\d MB of cache_disk's 64\.0 MB fit$", usage.DiskTrouble);
        Assert.Single(FullLines);
        Assert.DoesNotContain(_log.Lines, line => line.Contains("fails", StringComparison.Ordinal) || line.Contains("again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_object_of_some_size_gets_in_by_the_space_of_several()
    {
        Assert.SkipUnless(_isMounted, "needs to mount a tmpfs");
        await using var store = await OpenAsync(memory: 0);
        for (var number = 0; number < 60; number++)
        {
            Assert.True(await Stored.PutAsync(store, Stored.Head($"k{number}"), Body(number)));
        }

        Assert.True(await Stored.PutAsync(store, Stored.Head("large"), Stored.Body("large", 300_000)));
        Assert.Equal(Stored.Body("large", 300_000), await Stored.GetAsync(store, "large"));
        Assert.Null(store.Begin(Stored.Head("too large"), 1_000_000)); // no quarter of what fits
    }

    [Fact]
    public async Task A_disk_that_has_grown_is_used_within_minutes_and_the_log_says_so()
    {
        Assert.SkipUnless(_isMounted, "needs to mount a tmpfs");
        await using var store = await OpenAsync(memory: 0);
        await PutAllAsync(store);
        Assert.NotNull(store.Usage.DiskTrouble);
        Assert.Equal(0, Run("mount", "-o", "remount,size=80m", Place));
        _time.Advance(TimeSpan.FromSeconds(50));
        await LookAfterAsync(store);
        Assert.NotNull(store.Usage.DiskTrouble);
        _time.Advance(TimeSpan.FromSeconds(20));
        await LookAfterAsync(store);
        await Stored.UntilAsync(() => store.Usage.DiskTrouble is null);
        Assert.Equal(Count, await PutAllAsync(store));
        Assert.Equal(Count, store.Usage.DiskObjects);
        Assert.Single(FullLines);
        await Stored.UntilAsync(() => _log.Lines.Count(line => line.Contains("has room for all of cache_disk again", StringComparison.Ordinal)) == 1);
    }

    [Fact]
    public async Task What_others_write_there_and_delete_again_costs_nothing_for_good()
    {
        Assert.SkipUnless(_isMounted, "needs to mount a tmpfs");
        await using var store = await OpenAsync(memory: 0);
        await PutAllAsync(store);
        var fits = store.Usage.DiskObjects;

        // All that is free, and what the cache gives up.
        await using (var others = new FileStream(Path.Combine(Place, "others"), FileMode.Create, FileAccess.Write, FileShare.None, 0))
        {
            for (var number = 0; number < Count; number++)
            {
                await store.RemoveAsync($"k{(number + Count - 1) % Count}");
                Fill(others);
                await Stored.PutAsync(store, Stored.Head($"k{number}"), Body(number));
            }
        }

        Assert.True(store.Usage.DiskObjects < fits / 2);
        File.Delete(Path.Combine(Place, "others"));
        _time.Advance(TimeSpan.FromMinutes(2));
        await LookAfterAsync(store);
        await Stored.UntilAsync(() => store.Begin(Stored.Head("one"), 100_000) is { } writer && Dispose(writer));
        Assert.Equal(Count, await PutAllAsync(store));
        Assert.InRange(store.Usage.DiskObjects, fits * 8 / 10, Count);
        Assert.Equal(0, store.Usage.DiskDamaged);
        Assert.Single(FullLines);
    }

    [Fact]
    public async Task A_purge_lasts_on_a_full_disk_too()
    {
        Assert.SkipUnless(_isMounted, "needs to mount a tmpfs");
        await using (var store = await OpenAsync(memory: 0))
        {
            await PutAllAsync(store);
            await using (var others = new FileStream(Path.Combine(Place, "others"), FileMode.Create, FileAccess.Write, FileShare.None, 0))
            {
                Fill(others);
                Assert.True(await store.RemovePrefixAsync("k19") > 0);
            }

            Assert.DoesNotContain(_log.Lines, line => line.Contains("fails", StringComparison.Ordinal));
        }

        await using var after = await OpenAsync(memory: 0);
        Assert.Null(await Stored.GetAsync(after, "k199"));
    }

    [Fact]
    public void What_comes_and_goes_is_told_once_a_minute_at_most()
    {
        var trouble = new DiskTrouble("writing", "/cache", _log, _time);
        trouble.Failed(new IOException("broken"));
        Assert.Equal(["[Warning] cache /cache: writing fails, goes on without: broken "], _log.Lines);
        for (var second = 0; second < 600; second += 5)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            trouble.Worked();
            trouble.Failed(new IOException("broken"));
        }

        Assert.InRange(_log.Lines.Count, 2, 11);

        // How it ends is told, too.
        trouble.Worked();
        _time.Advance(TimeSpan.FromMinutes(1));
        trouble.Tell();
        Assert.EndsWith("writing works again ", _log.Lines.Last(), StringComparison.Ordinal);
        var told = _log.Lines.Count;
        _time.Advance(TimeSpan.FromMinutes(5));
        trouble.Tell();
        Assert.Equal(told, _log.Lines.Count);
        trouble.Failed(new IOException("broken"));
        Assert.Equal(told + 1, _log.Lines.Count);
    }

    [Fact]
    public void A_quota_that_no_measure_shows_is_tried_less_and_less_often()
    {
        var room = new DiskRoom("/cache", _log, _time);
        var times = 0;
        for (var minute = 0; minute < 600; minute++)
        {
            if (room.Fits > 1000)
            {
                room.Full(1000, 10_000);
                times++;
            }

            Assert.InRange(room.Fits, 900, 1000);
            Assert.NotNull(room.Reason(10_000));
            _time.Advance(TimeSpan.FromMinutes(1));
            if (room.IsToBeMeasured)
            {
                room.Measured(1_000_000, 10_000);
            }

            room.Tell(10_000);
        }

        Assert.InRange(times, 5, 20);
        Assert.InRange(_log.Lines.Count, 2, 40);
    }

    private async ValueTask<ObjectStore> OpenAsync(long memory)
    {
        var store = new ObjectStore(memory, 64 << 20, Place, _log, _time);
        await Stored.UntilAsync(() => store.IsDiskReady);
        return store;
    }

    private static async ValueTask<int> PutAllAsync(ObjectStore store)
    {
        var taken = 0;
        for (var number = 0; number < Count; number++)
        {
            taken += await Stored.PutAsync(store, Stored.Head($"k{number}"), Body(number)) ? 1 : 0;
        }

        return taken;
    }

    /// <summary>A purge has it look after its directory.</summary>
    private static async ValueTask LookAfterAsync(ObjectStore store) => await store.RemovePrefixAsync("nothing begins so");

    private static byte[] Body(int number) => Stored.Body($"k{number}", 50_000);

    private static void Fill(FileStream file)
    {
        try
        {
            for (var zeros = new byte[4096]; ;)
            {
                file.Write(zeros);
            }
        }
        catch (IOException)
        {
            // It is full.
        }
    }

    private static bool Dispose(ObjectWriter writer)
    {
        writer.Dispose();
        return true;
    }

    private static int Run(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
