using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Caching.Storage.Disk;
using Skitai.Engine.Tests.Apps;

namespace Skitai.Engine.Tests.Caching.Storage;

/// <summary>Two processes of one instance have the directory for a while: the one that drains and its successor.</summary>
public sealed class HandOverTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_successor_writes_when_the_other_has_stopped_and_finds_all_that_it_wrote()
    {
        await using var old = await Stored.OnDiskAsync(_directory.Path);
        await Stored.PutAsync(old, Stored.Head("a"), [1]);
        await Stored.PutAsync(old, Stored.Head("gone"), [1]);
        await Stored.UntilAsync(() => old.Usage.DiskObjects == 2);
        await using var successor = new ObjectStore(1 << 20, 64 << 20, _directory.Path, NullLogger.Instance, TimeProvider.System);
        Assert.Equal([1], await Stored.GetAsync(successor, "a"));
        Assert.False(successor.IsDiskReady);
        Assert.Null(successor.Begin(Stored.Head("large"), 1_000_000));

        // What the successor removes is gone, although it does not own the directory yet.
        await successor.RemoveAsync("gone");
        Assert.Null(await Stored.GetAsync(successor, "gone"));
        Assert.Single(Stored.Files(_directory.Path));

        await Stored.PutAsync(old, Stored.Head("b"), Stored.Body("b", 1_000_000));
        using var late = old.Begin(Stored.Head("late"), 1_000_000)!;
        await late.AppendAsync(Stored.Body("late", 1_000_000));
        old.StopWriting();
        Assert.False(await late.CommitAsync());
        await Stored.UntilAsync(() => successor.IsDiskReady);
        Assert.Equal(2, successor.Usage.DiskObjects);
        Assert.Equal(Stored.Size(_directory.Path), successor.Usage.DiskBytes);
        Assert.Equal(Stored.Body("b", 1_000_000), await Stored.GetAsync(successor, "b"));

        // The old one serves what there is, and whatever the successor does with it is a miss at worst.
        Assert.Equal(Stored.Body("b", 1_000_000), await Stored.GetAsync(old, "b"));
        Assert.Null(old.Begin(Stored.Head("large"), 1_000_000));
        await Stored.PutAsync(successor, Stored.Head("c"), Stored.Body("c", 1_000_000));
        await successor.RemoveAllAsync();
        await Stored.UntilAsync(() => Stored.Files(_directory.Path).Length == 0);
        Assert.Null(await Stored.GetAsync(old, "c"));
        await old.DisposeAsync();
        Assert.True(await Stored.PutAsync(successor, Stored.Head("d"), Stored.Body("d", 1_000_000)));
    }

    [Fact]
    public async Task What_is_removed_before_the_directory_is_known_does_not_come_back()
    {
        var old = await Stored.OnDiskAsync(_directory.Path);
        await Stored.PutAsync(old, Stored.Head("http://a/1"), [1]);
        await Stored.PutAsync(old, Stored.Head("http://a/2"), [2]);
        await Stored.PutAsync(old, Stored.Head("http://b/3"), [3]);
        await Stored.UntilAsync(() => old.Usage.DiskObjects == 3);
        await using var successor = new ObjectStore(1 << 20, 64 << 20, _directory.Path, NullLogger.Instance, TimeProvider.System);
        await successor.RemovePrefixAsync("http://a/");
        Assert.Null(await Stored.GetAsync(successor, "http://a/1"));
        Assert.Equal([3], await Stored.GetAsync(successor, "http://b/3"));
        await old.DisposeAsync();
        await Stored.UntilAsync(() => successor.IsDiskReady);
        Assert.Null(await Stored.GetAsync(successor, "http://a/2"));
        await Stored.UntilAsync(() => successor.Usage.DiskObjects == 1);
        Assert.Equal([3], await Stored.GetAsync(successor, "http://b/3"));
    }

    [Fact]
    public async Task More_removals_than_are_remembered_before_the_directory_is_known_make_misses_until_then()
    {
        var old = await Stored.OnDiskAsync(_directory.Path, time: new FakeTimeProvider(Stored.Start)); // its end takes the time it takes
        await Stored.PutAsync(old, Stored.Head("kept"), [1]);
        await Stored.PutAsync(old, Stored.Head("last"), [2]);
        await Stored.UntilAsync(() => old.Usage.DiskObjects == 2);
        await using var successor = new ObjectStore(1 << 20, 64 << 20, _directory.Path, NullLogger.Instance, TimeProvider.System);
        List<Task> removals = [];
        for (var number = 1; number < DiskTier.MostRemovedUnseen; number++)
        {
            removals.Add(successor.RemoveAsync($"other {number}").AsTask());
        }

        Assert.True(successor.MayFindOnDisk("kept"));
        removals.Add(successor.RemoveAsync("one more").AsTask());
        removals.Add(successor.RemoveAsync("last").AsTask());
        Assert.False(successor.MayFindOnDisk("kept"));
        Assert.Null(await Stored.GetAsync(successor, "last"));
        await old.DisposeAsync();
        await Stored.UntilAsync(() => successor.IsDiskReady);
        Assert.False(successor.MayFindOnDisk("last"));
        Assert.Equal([1], await Stored.GetAsync(successor, "kept"));
        await Task.WhenAll(removals);
        Assert.Single(Stored.Files(_directory.Path));
    }

    [Fact]
    public async Task One_that_has_stopped_leaves_the_list_of_purges_to_its_successor()
    {
        await using var old = await Stored.OnDiskAsync(_directory.Path);
        old.StopWriting();
        await using var successor = await Stored.OnDiskAsync(_directory.Path);
        await successor.RemovePrefixAsync("http://a/");
        var list = Path.Combine(_directory.Path, "purges");
        var written = File.GetLastWriteTimeUtc(list);
        await old.RemovePrefixAsync("http://b/");
        Assert.Equal("", await File.ReadAllTextAsync(list, TestContext.Current.CancellationToken));
        Assert.Equal(written, File.GetLastWriteTimeUtc(list));
    }
}
