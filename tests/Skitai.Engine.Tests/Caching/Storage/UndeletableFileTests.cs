using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Tests.Apps;

namespace Skitai.Engine.Tests.Caching.Storage;

/// <summary>What was removed and could not be deleted is not found again.</summary>
public sealed class UndeletableFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Place => Path.Combine(_directory.Path, "cache");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_removed_object_whose_file_stays_is_not_found_later_and_goes_when_it_can()
    {
        var time = new FakeTimeProvider(Stored.Start);
        await using var store = await Stored.OnDiskAsync(Place, time: time);
        var file = await PutAsync("http://a/x");
        Block(file);
        await store.RemoveAsync("http://a/x");
        Assert.NotNull(store.Usage.DiskTrouble);
        Free(file);
        Assert.Null(await Stored.GetAsync(store, "http://a/x"));

        // It is time for all files to be listed anew, too.
        time.Advance(TimeSpan.FromHours(2));
        await Stored.UntilAsync(() =>
        {
            Assert.Equal(0, store.Usage.DiskObjects);
            return !File.Exists(file);
        });

        async Task<string> PutAsync(string key)
        {
            await Stored.PutAsync(store, Stored.Head(key), [1, 2]);
            await Stored.UntilAsync(() => store.Usage.DiskObjects == 1);
            return Stored.Files(Place)[0];
        }
    }

    [Fact]
    public async Task A_restart_does_not_bring_back_what_could_not_be_deleted()
    {
        string file;
        var store = await Stored.OnDiskAsync(Place);
        try
        {
            await Stored.PutAsync(store, Stored.Head("http://a/x"), [1, 2]);
            await Stored.UntilAsync(() => store.Usage.DiskObjects == 1);
            file = Stored.Files(Place)[0];
            await Stored.PutAsync(store, Stored.Head("http://a/xy"), [3]);
            await Stored.UntilAsync(() => store.Usage.DiskObjects == 2);
            Block(file);
            await store.RemoveAsync("http://a/x");
        }
        finally
        {
            await store.DisposeAsync();
        }

        Free(file);
        await using var again = await Stored.OnDiskAsync(Place);
        Assert.Null(await Stored.GetAsync(again, "http://a/x"));
        Assert.Equal([3], await Stored.GetAsync(again, "http://a/xy"));
        await Stored.UntilAsync(() => !File.Exists(file));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_removal_that_a_restart_would_undo_is_told_until_it_lasts(bool isPrefix)
    {
        var time = new FakeTimeProvider(Stored.Start);
        await using var store = await Stored.OnDiskAsync(Place, time: time);
        await Stored.PutAsync(store, Stored.Head("http://a/x"), [1, 2]);
        await Stored.UntilAsync(() => store.Usage.DiskObjects == 1);
        Assert.Null(store.PurgeTrouble);
        var file = Stored.Files(Place)[0];
        Block(file);
        var list = Directory.CreateDirectory(Path.Combine(Place, "purges.new"));
        await (isPrefix ? store.RemovePrefixAsync("http://a/") : store.RemoveAsync("http://a/x"));
        Assert.NotNull(store.PurgeTrouble);
        Assert.Null(await Stored.GetAsync(store, "http://a/x"));
        if (!isPrefix)
        {
            return; // what follows takes ten seconds
        }

        Free(file);
        list.Delete();
        await Stored.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(10));
            return store.PurgeTrouble is null;
        });
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task What_was_purged_on_a_read_only_disk_does_not_come_back()
    {
        Directory.CreateDirectory(Place);
        Assert.SkipUnless(Mount("-t", "tmpfs", "none"), "needs to mount a tmpfs");
        try
        {
            await using (var first = await Stored.OnDiskAsync(Place))
            {
                await Stored.PutAsync(first, Stored.Head("http://a/x"), Stored.Body("x", 50_000));
                await Stored.UntilAsync(() => first.Usage.DiskObjects == 1);
            }

            Assert.True(Mount("-o", "remount,ro"));
            var time = new FakeTimeProvider(Stored.Start);
            await using var store = new ObjectStore(4 << 20, 64 << 20, Place, NullLogger.Instance, time);
            await Stored.UntilAsync(() => store.Usage.DiskTrouble is not null);
            Assert.Null(await Stored.GetAsync(store, "http://a/x"));
            Assert.True(Mount("-o", "remount,rw"));
            await Stored.UntilAsync(() =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return store.IsDiskReady;
            });
            Assert.Null(await Stored.GetAsync(store, "http://a/x"));
            Assert.True(await Stored.PutAsync(store, Stored.Head("http://a/x"), Stored.Body("y", 50_000)));
            Assert.Equal(Stored.Body("y", 50_000), await Stored.GetAsync(store, "http://a/x"));
        }
        finally
        {
            using var unmounting = Process.Start("umount", ["-l", Place]);
            unmounting.WaitForExit();
        }

        bool Mount(params string[] arguments)
        {
            using var mounting = Process.Start(new ProcessStartInfo("mount", [.. arguments, Place]) { UseShellExecute = false, RedirectStandardError = true })!;
            mounting.WaitForExit();
            return mounting.ExitCode == 0;
        }
    }

    /// <summary>Puts a directory in the place of a file: that cannot be unlinked.</summary>
    private static void Block(string file)
    {
        File.Move(file, file + ".aside");
        Directory.CreateDirectory(Path.Combine(file, "full"));
    }

    private static void Free(string file)
    {
        Directory.Delete(file, recursive: true);
        File.Move(file + ".aside", file);
    }
}
