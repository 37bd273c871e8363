using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Tests.Apps;

namespace Skitai.Engine.Tests.Caching.Storage;

public sealed class FillTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(30_000, true)]
    [InlineData(30_000, false)]
    [InlineData(300_000, true)]
    [InlineData(300_000, false)]
    [InlineData(3_000_000, true)]
    [InlineData(3_000_000, false)]
    public async Task Readers_get_what_has_come_while_more_is_coming_wherever_it_is(int length, bool tellsLength)
    {
        await using var store = await Stored.OnDiskAsync(_directory.Path);
        var body = Stored.Body("k", length);
        using var writer = store.Begin(Stored.Head("k"), tellsLength ? length : -1)!;
        Assert.Equal(tellsLength, writer.Filling.IsCertain);
        List<Task<byte[]>> readers = [];
        for (int at = 0, piece = 1; at < length; at += piece, piece = Math.Min(Math.Min(piece * 3, 60_000), length - at))
        {
            if (readers.Count < 20)
            {
                readers.Add(FollowAsync());
            }

            Assert.True(await writer.AppendAsync(body.AsMemory(at, piece)));
        }

        Assert.Null(await Stored.GetAsync(store, "k"));
        Assert.All(readers, reader => Assert.False(reader.IsCompleted));
        Assert.True(await writer.CommitAsync());
        Assert.Null(writer.Filling.TryOpenReader());
        Assert.Equal(body, await Stored.GetAsync(store, "k"));
        foreach (var reader in readers)
        {
            Assert.Equal(body, await reader);
        }

        await store.RemoveAllAsync();
        await Stored.UntilAsync(() => store.Usage is { MemoryBytes: 0, FillBytes: 0, DiskBytes: 0 });
        Assert.Empty(Stored.Files(_directory.Path));

        async Task<byte[]> FollowAsync()
        {
            using var reader = writer.Filling.TryOpenReader()!;
            return await Stored.ReadAsync(reader);
        }
    }

    [Theory]
    [InlineData(30_000)]
    [InlineData(3_000_000)]
    public async Task Readers_hear_that_a_fill_broke_off_and_nothing_of_it_stays(int length)
    {
        await using var store = await Stored.OnDiskAsync(_directory.Path);
        var writer = store.Begin(Stored.Head("k"), length)!;
        var reader = writer.Filling.TryOpenReader()!;
        var waiting = Stored.ReadAsync(reader);
        Assert.True(await writer.AppendAsync(new byte[length - 1]));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await writer.CommitAsync());
        writer.Abort();
        await Assert.ThrowsAsync<BodyLostException>(async () => await waiting);
        Assert.Null(writer.Filling.TryOpenReader());
        reader.Dispose();
        await Stored.UntilAsync(() => store.Usage is { MemoryBytes: 0, FillBytes: 0, DiskBytes: 0 } && Stored.Files(_directory.Path).Length == 0);
    }

    [Fact]
    public async Task A_reader_that_nobody_waits_for_any_more_is_cancelled()
    {
        await using var store = Stored.InMemory(1 << 20);
        using var writer = store.Begin(Stored.Head("k"), 10)!;
        using var reader = writer.Filling.TryOpenReader()!;
        using var leaving = new CancellationTokenSource();
        var waiting = reader.ReadAsync(leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
    }

    [Fact]
    public async Task More_than_was_said_is_not_kept()
    {
        await using var store = Stored.InMemory(1 << 20);
        using var writer = store.Begin(Stored.Head("k"), 10)!;
        Assert.False(await writer.AppendAsync(new byte[11]));
        Assert.False(await writer.CommitAsync());
        Assert.Equal(0, store.Usage.MemoryBytes);
    }
}
