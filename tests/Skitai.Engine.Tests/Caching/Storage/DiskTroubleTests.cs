using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Tests.Apps;

namespace Skitai.Engine.Tests.Caching.Storage;

/// <summary>A disk that fails costs what it would have kept, nothing else.</summary>
public sealed class DiskTroubleTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Place => Path.Combine(_directory.Path, "cache");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_disk_that_takes_nothing_is_left_alone_for_a_while_and_tried_again()
    {
        var time = new FakeTimeProvider(Stored.Start);
        await using var store = await Stored.OnDiskAsync(Place, time: time);

        // Files where directories should be made.
        for (var folder = 0; folder < 256; folder++)
        {
            await File.WriteAllTextAsync(Path.Combine(Place, folder.ToString("x2")), "", TestContext.Current.CancellationToken);
        }

        Assert.True(await Stored.PutAsync(store, Stored.Head("a"), [1]));
        Assert.Equal([1], await Stored.GetAsync(store, "a"));
        await Stored.UntilAsync(() => store.Usage.DiskTrouble is not null);
        Assert.Null(store.Begin(Stored.Head("large"), 1_000_000));
        for (var folder = 0; folder < 256; folder++)
        {
            File.Delete(Path.Combine(Place, folder.ToString("x2")));
        }

        Assert.Null(store.Begin(Stored.Head("large"), 1_000_000));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(await Stored.PutAsync(store, Stored.Head("large"), Stored.Body("large", 1_000_000)));
        Assert.Null(store.Usage.DiskTrouble);
        await Stored.UntilAsync(() => store.Usage.DiskBytes == Stored.Size(Place));
    }

    [Fact]
    public async Task A_fill_that_the_disk_gives_up_on_says_so_and_leaves_nothing()
    {
        await using var store = await Stored.OnDiskAsync(Place);
        using var writer = store.Begin(Stored.Head("large"), 1_000_000)!;
        using var reader = writer.Filling.TryOpenReader()!;
        Assert.True(await writer.AppendAsync(Stored.Body("large", 1_000_000)));
        Directory.Delete(Place, recursive: true);
        Assert.False(await writer.CommitAsync());

        // Its readers have it all, for the file is still open.
        Assert.Equal(Stored.Body("large", 1_000_000), await Stored.ReadAsync(reader));
        reader.Dispose();
        await Stored.UntilAsync(() => store.Usage.DiskBytes == 0);
        Assert.Null(await Stored.GetAsync(store, "large"));
        Assert.DoesNotContain(_directory.OpenFiles(), path => !new FileInfo(path).LinkTarget!.Contains("/lock", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Files_that_vanish_are_misses()
    {
        await using (var first = await Stored.OnDiskAsync(Place))
        {
            await Stored.PutAsync(first, Stored.Head("a"), Stored.Body("a", 50_000));
            await Stored.PutAsync(first, Stored.Head("b"), Stored.Body("b", 50_000));
        }

        await using var store = await Stored.OnDiskAsync(Place);
        Stored.Files(Place).ToList().ForEach(File.Delete);
        Assert.Null(await Stored.GetAsync(store, "a"));
        Assert.Null(await Stored.GetAsync(store, "b"));
        await Stored.UntilAsync(() => store.Usage is { DiskBytes: 0, DiskObjects: 0 });
        Assert.Null(store.Usage.DiskTrouble);
    }

    [Fact]
    public async Task A_directory_that_cannot_be_had_makes_misses_until_it_can()
    {
        await File.WriteAllTextAsync(Place, "a file", TestContext.Current.CancellationToken);
        var time = new FakeTimeProvider(Stored.Start);
        await using var store = new ObjectStore(1 << 20, 1 << 20, Place, NullLogger.Instance, time);
        await Stored.UntilAsync(() => store.Usage.DiskTrouble is not null);
        Assert.True(await Stored.PutAsync(store, Stored.Head("a"), [1]));
        Assert.Null(await Stored.GetAsync(store, "b"));
        Assert.Equal(1, await store.RemoveAsync("a"));
        File.Delete(Place);
        time.Advance(TimeSpan.FromSeconds(5));
        await Stored.UntilAsync(() => store.IsDiskReady);
        Assert.Null(store.Usage.DiskTrouble);
    }
}
