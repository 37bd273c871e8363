using Skitai.Engine.Caching.Storage;

namespace Skitai.Engine.Tests.Caching.Storage;

public sealed class MemoryTierTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(300_000)]
    public async Task What_was_put_in_comes_out_byte_for_byte(int length)
    {
        await using var store = Stored.InMemory(8 << 20);
        foreach (var tellLength in (bool[])[true, false])
        {
            var key = $"http://a/{tellLength}";
            var body = Stored.Body(key, length);
            Assert.True(await Stored.PutAsync(store, Stored.Head(key), body, tellLength));
            Assert.Equal(body, await Stored.GetAsync(store, key));
        }
    }

    [Fact]
    public async Task An_answer_is_found_by_the_fields_that_it_was_selected_by()
    {
        await using var store = Stored.InMemory(1 << 20);
        string[] encoding = ["accept-encoding"], language = ["accept-language"];
        var gzip = new Request(("accept-encoding", "gzip"), ("accept-language", "ko"));
        var plain = new Request(("accept-language", "ko"));
        await Stored.PutAsync(store, Stored.Head("k", encoding, gzip.VariantOf(encoding), 1), [1]);
        await Stored.PutAsync(store, Stored.Head("k", encoding, plain.VariantOf(encoding), 2), [2]);
        Assert.Equal([1], await Stored.GetAsync(store, "k", gzip));
        Assert.Equal([2], await Stored.GetAsync(store, "k", plain));
        Assert.Null(await Stored.GetAsync(store, "k", new Request(("accept-encoding", "br"))));

        // Two lists fit: the more recent answer is taken.
        await Stored.PutAsync(store, Stored.Head("k", language, gzip.VariantOf(language), 3), [3]);
        Assert.Equal([3], await Stored.GetAsync(store, "k", gzip));
        Assert.Equal([language, encoding], store.VariesOn("k"));
        Assert.Equal(3, await store.RemoveAsync("k"));
        Assert.Empty(store.VariesOn("k"));
        Assert.Equal(0, store.Usage.MemoryBytes);
    }

    [Fact]
    public async Task A_crawler_does_not_push_out_what_is_asked_for_again_and_again()
    {
        await using var store = Stored.InMemory(1 << 20);
        await Stored.PutAsync(store, Stored.Head("hot"), new byte[5000]);
        for (var at = 0; at < 2000; at++)
        {
            await Stored.PutAsync(store, Stored.Head($"{at}"), new byte[5000]);
            Assert.InRange(store.Usage.MemoryBytes, 1, 1 << 20);
            Assert.NotNull(await Stored.GetAsync(store, "hot"));
            Assert.NotNull(await Stored.GetAsync(store, "hot"));
        }

        Assert.InRange(store.Usage.MemoryEvictions, 1500, 2000);
    }

    [Fact]
    public async Task What_is_still_being_sent_counts_after_it_was_dropped()
    {
        await using var store = Stored.InMemory(100_000);
        await Stored.PutAsync(store, Stored.Head("a"), Stored.Body("a", 60_000));
        Assert.True(store.TryGet("a", Request.Plain, out var stored));
        Assert.Equal(1, await store.RemoveAsync("a"));
        Assert.InRange(store.Usage.MemoryBytes, 60_000, 63_000);
        Assert.False(await Stored.PutAsync(store, Stored.Head("b"), new byte[60_000]));
        Assert.Equal(Stored.Body("a", 60_000), await Stored.ReadAsync(stored));
        stored.Release();
        Assert.Equal(0, store.Usage.MemoryBytes);
        Assert.True(await Stored.PutAsync(store, Stored.Head("b"), new byte[60_000]));
        Assert.Throws<InvalidOperationException>(stored.Release);
    }

    [Fact]
    public async Task What_began_before_a_removal_is_not_kept_and_its_readers_get_it_all()
    {
        await using var store = Stored.InMemory(1 << 20);
        var writer = store.Begin(Stored.Head("http://a/x"), 6)!;
        var reader = writer.Filling.TryOpenReader()!;
        Assert.True(await writer.AppendAsync(new byte[] { 1, 2, 3 }));
        await store.RemovePrefixAsync("http://a/");
        Assert.True(await writer.AppendAsync(new byte[] { 4, 5, 6 }));
        Assert.False(await writer.CommitAsync());
        Assert.Equal([1, 2, 3, 4, 5, 6], await Stored.ReadAsync(reader));
        Assert.Null(await Stored.GetAsync(store, "http://a/x"));
        reader.Dispose();
        Assert.Equal(0, store.Usage.MemoryBytes);
    }

    [Fact]
    public async Task What_was_begun_earlier_does_not_take_the_place_of_what_was_begun_later()
    {
        await using var store = Stored.InMemory(1 << 20);
        using var slow = store.Begin(Stored.Head("a", version: 1), 1)!;
        await Stored.PutAsync(store, Stored.Head("a", version: 2), [2]);
        await slow.AppendAsync(new byte[] { 1 });
        Assert.False(await slow.CommitAsync());
        Assert.Equal([2], await Stored.GetAsync(store, "a"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nor_does_it_stay_beside_it_when_only_one_of_the_two_varies(bool laterVaries)
    {
        await using var store = Stored.InMemory(1 << 20);
        using var slow = store.Begin(Head(varies: !laterVaries, version: 1), 1)!;
        await Stored.PutAsync(store, Head(laterVaries, version: 2), [2]);
        await slow.AppendAsync(new byte[] { 1 });
        Assert.False(await slow.CommitAsync());
        Assert.Equal(laterVaries ? null : [2], await Stored.GetAsync(store, "a", new Request(("accept-encoding", "br"))));
        Assert.Equal([2], await Stored.GetAsync(store, "a", new Request(("accept-encoding", "gzip"))));

        static StoredHead Head(bool varies, int version) =>
            varies ? Stored.Head("a", ["accept-encoding"], new Request(("accept-encoding", "gzip")).VariantOf(["accept-encoding"]), version) : Stored.Head("a", version: version);
    }

    [Fact]
    public async Task A_newer_head_is_found_at_once()
    {
        await using var store = Stored.InMemory(1 << 20);
        await Stored.PutAsync(store, Stored.Head("a"), [1, 2]);
        Assert.True(store.TryGet("a", Request.Plain, out var old));
        Assert.True(store.Freshen(old, Stored.Head("a", version: 7)));
        old.Release();
        Assert.True(store.TryGet("a", Request.Plain, out var fresh));
        Assert.Equal("\"7\"", fresh.Head.Headers[1].Value);
        fresh.Release();
        await store.RemoveAllAsync();
        Assert.Equal(0, store.Usage.MemoryBytes);
    }

    [Fact]
    public async Task A_fill_that_becomes_too_large_is_dropped_and_what_was_set_aside_is_free_again()
    {
        await using var store = Stored.InMemory(1 << 20);
        Assert.Null(store.Begin(Stored.Head("a"), 200_000));
        var writer = store.Begin(Stored.Head("a"), -1)!;
        var reader = writer.Filling.TryOpenReader()!;
        while (await writer.AppendAsync(new byte[5000]))
        {
            Assert.InRange(store.Usage.FillBytes, 5000, 131_072);
        }

        Assert.True(writer.IsDropped);
        await Assert.ThrowsAsync<BodyLostException>(async () => await Stored.ReadAsync(reader));
        reader.Dispose();
        Assert.Equal(0, store.Usage.MemoryBytes);
    }

    [Fact]
    public async Task All_fills_together_have_a_bound()
    {
        await using var store = Stored.InMemory(1 << 20);
        var writers = new List<ObjectWriter>();
        while (store.Begin(Stored.Head($"{writers.Count}"), 100_000) is { } writer)
        {
            writers.Add(writer);
        }

        Assert.InRange(writers.Count, 4, 5);
        writers.ForEach(writer => writer.Dispose());
        Assert.Equal(0, store.Usage.MemoryBytes);
    }

    [Fact]
    public async Task A_smaller_bound_is_kept_at_once()
    {
        await using var store = Stored.InMemory(1 << 20);
        for (var at = 0; at < 100; at++)
        {
            await Stored.PutAsync(store, Stored.Head($"{at}"), new byte[8000]);
        }

        store.Resize(200_000, 0);
        Assert.InRange(store.Usage.MemoryBytes, 100_000, 200_000);
        store.Resize(0, 0);
        Assert.Equal(0, store.Usage.MemoryBytes);
        Assert.False(await Stored.PutAsync(store, Stored.Head("x"), [1]));
    }
}
