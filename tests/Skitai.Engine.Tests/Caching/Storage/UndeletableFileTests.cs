using Microsoft.Extensions.Time.Testing;
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
