using System.Globalization;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Caching.Storage.Disk;
using Skitai.Engine.Caching.Storage.Memory;
using Skitai.Engine.Tests.Apps;

namespace Skitai.Engine.Tests.Caching.Storage;

public sealed class DiskTierTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Place => Path.Combine(_directory.Path, "cache");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_was_kept_is_there_after_a_restart_byte_for_byte()
    {
        int[] lengths = [0, 1, 65_535, 65_536, 65_537, 300_000, 700_000, 3_000_000];
        string[] encoding = ["accept-encoding"];
        var gzip = new Request(("accept-encoding", "gzip"));
        await using (var store = await Stored.OnDiskAsync(Place))
        {
            foreach (var length in lengths)
            {
                Assert.True(await Stored.PutAsync(store, Stored.Head($"http://a/{length}", version: length), Stored.Body($"{length}", length), length % 2 == 0));
            }

            Assert.True(await Stored.PutAsync(store, Stored.Head("http://a/v", encoding, gzip.VariantOf(encoding), 1), [1]));
            Assert.True(await Stored.PutAsync(store, Stored.Head("http://a/v", encoding, Request.Plain.VariantOf(encoding), 2), [2]));
        }

        await using (var store = await Stored.OnDiskAsync(Place))
        {
            Assert.Equal(lengths.Length + 2, store.Usage.DiskObjects);
            Assert.Equal(Stored.Size(Place), store.Usage.DiskBytes);
            foreach (var length in lengths)
            {
                Assert.True(store.MayFindOnDisk($"http://a/{length}"));
                Assert.Equal(Stored.Body($"{length}", length), await Stored.GetAsync(store, $"http://a/{length}"));

                // Now it is at hand.
                Assert.True(store.TryGet($"http://a/{length}", Request.Plain, out var stored));
                var head = Stored.Head("", version: length);
                Assert.Equal(head.Headers, stored.Head.Headers);
                Assert.Equal((head.Status, head.Reason, head.RequestedAt, head.AnsweredAt), (stored.Head.Status, stored.Head.Reason, stored.Head.RequestedAt, stored.Head.AnsweredAt));
                Assert.Equal(length <= 256 * 1024, stored.InMemory);
                stored.Release();
            }

            Assert.Equal([1], await Stored.GetAsync(store, "http://a/v", gzip));
            Assert.Equal([2], await Stored.GetAsync(store, "http://a/v"));
            Assert.Equal([encoding], store.VariesOn("http://a/v"));
            Assert.Null(await Stored.GetAsync(store, "http://a/v", new Request(("accept-encoding", "br"))));
            Assert.False(store.MayFindOnDisk("http://a/other"));
            Assert.Equal(lengths.Length + 2, await store.RemoveAllAsync());
            await Stored.UntilAsync(() => store.Usage.DiskBytes == 0);
            Assert.Equal(0, store.Usage.MemoryBytes);
            Assert.Empty(Stored.Files(Place));
        }
    }

    [Fact]
    public async Task A_key_has_as_many_variants_on_disk_as_in_memory_and_the_oldest_goes()
    {
        await using var store = await Stored.OnDiskAsync(Place, memory: 0);
        const int Most = StoredVariants.MostVariants;
        await Stored.PutAsync(store, Stored.Head("http://a/other", ["agent"], "agent:0"), [1]);
        for (var number = 0; number < Most + 20; number++)
        {
            Assert.True(await Stored.PutAsync(store, Stored.Head("http://a/x", ["agent"], $"agent:{number}"), [1]));
        }

        Assert.Equal(Most + 1, store.Usage.DiskObjects);
        await Stored.UntilAsync(() => Stored.Files(Place).Length == Most + 1);
        Assert.Null(await Stored.GetAsync(store, "http://a/x", new Request(("agent", "19"))));
        Assert.NotNull(await Stored.GetAsync(store, "http://a/x", new Request(("agent", "20"))));
        Assert.NotNull(await Stored.GetAsync(store, "http://a/x", new Request(("agent", $"{Most + 19}"))));
        Assert.NotNull(await Stored.GetAsync(store, "http://a/other", new Request(("agent", "0"))));
    }

    [Fact]
    public async Task Variants_found_at_the_start_beyond_that_number_are_deleted_the_oldest_first()
    {
        const int First = 100, Second = 50, Surplus = First + Second - StoredVariants.MostVariants;
        var aside = _directory.Path + "-aside";
        await WriteAsync(0, First);
        Directory.Move(Place, aside); // one store alone would not keep that many
        await WriteAsync(First, Second);
        for (var number = 0; number < First; number++)
        {
            var name = ObjectName.Of(HeadOf(number));
            var file = Path.Combine(Place, name.Folder.ToString("x2", CultureInfo.InvariantCulture), name.ToString());
            File.Move(Path.Combine(aside, Path.GetRelativePath(Place, file)), file);
            File.SetLastWriteTimeUtc(file, Stored.Start.UtcDateTime.AddSeconds(number - 1000));
        }

        Directory.Delete(aside, recursive: true);
        await using var store = await Stored.OnDiskAsync(Place, memory: 0);
        Assert.Equal(StoredVariants.MostVariants + 1, store.Usage.DiskObjects);
        await Stored.UntilAsync(() => Stored.Files(Place).Length == StoredVariants.MostVariants + 1 && store.Usage.DiskBytes == Stored.Size(Place));
        Assert.Null(await Stored.GetAsync(store, "http://a/x", new Request(("agent", $"{Surplus - 1}"))));
        Assert.NotNull(await Stored.GetAsync(store, "http://a/x", new Request(("agent", $"{Surplus}"))));
        Assert.NotNull(await Stored.GetAsync(store, "http://a/x", new Request(("agent", $"{First + Second - 1}"))));
        Assert.NotNull(await Stored.GetAsync(store, "http://a/plain"));

        StoredHead HeadOf(int number) => Stored.Head("http://a/x", ["agent"], $"agent:{number}");

        async Task WriteAsync(int from, int count)
        {
            await using var writer = await Stored.OnDiskAsync(Place, memory: 0);
            await Stored.PutAsync(writer, Stored.Head("http://a/plain"), [1]);
            for (var number = from; number < from + count; number++)
            {
                Assert.True(await Stored.PutAsync(writer, HeadOf(number), [1]));
            }
        }
    }

    [Fact]
    public async Task A_large_body_is_in_a_file_and_any_part_of_it_can_be_read()
    {
        await using var store = await Stored.OnDiskAsync(Place);
        var body = Stored.Body("large", 5_000_000);
        await Stored.PutAsync(store, Stored.Head("large"), body);
        Assert.True(store.TryGet("large", Request.Plain, out var stored));
        Assert.False(stored.InMemory);
        foreach (var (offset, length) in ((int, int)[])[(0, 1), (4_999_999, 1), (65_530, 20), (123_456, 2_000_000), (5_000_000, 0)])
        {
            Assert.Equal(body.AsSpan(offset, length).ToArray(), await Stored.ReadAsync(stored, offset, length));
        }

        stored.Release();
    }

    [Fact]
    public async Task Only_its_user_can_read_it()
    {
        await using (var store = await Stored.OnDiskAsync(Place))
        {
            await Stored.PutAsync(store, Stored.Head("a"), [1]);
        }

#pragma warning disable CA1416 // Linux only
        Assert.Equal("700 700 600", string.Join(' ', ((string[])[Place, Path.GetDirectoryName(Stored.Files(Place)[0])!, Stored.Files(Place)[0]])
            .Select(path => Convert.ToString((int)File.GetUnixFileMode(path), 8))));
#pragma warning restore CA1416
    }

    [Fact]
    public async Task It_never_takes_more_than_it_may_fills_included()
    {
        const long limit = 2 << 20;
        await using var store = await Stored.OnDiskAsync(Place, limit, memory: 200_000);
        for (var at = 0; at < 150; at++)
        {
            await Stored.PutAsync(store, Stored.Head($"{at}"), Stored.Body($"{at}", 1000 * (at % 400)), at % 3 == 0);
            Assert.InRange(store.Usage.DiskBytes, 0, limit);
            Assert.InRange(Stored.Size(Place), 0, limit);
        }

        Assert.InRange(store.Usage.DiskEvictions, 1, 150);
        Assert.Null(store.Begin(Stored.Head("too large"), 600_000));
        using (var unknown = store.Begin(Stored.Head("too large"), -1)!)
        {
            while (await unknown.AppendAsync(new byte[50_000]))
            {
                Assert.InRange(Stored.Size(Place), 0, limit);
            }

            Assert.False(await unknown.CommitAsync());
        }

        store.Resize(200_000, limit / 4);
        await Stored.UntilAsync(() => store.Usage.DiskBytes <= limit / 4 && Stored.Size(Place) <= limit / 4);
        await Stored.UntilAsync(() => store.Usage.DiskBytes == Stored.Size(Place));
    }

    [Fact]
    public async Task More_than_it_may_hold_goes_at_the_start_the_oldest_first()
    {
        await using (var store = await Stored.OnDiskAsync(Place))
        {
            for (var at = 0; at < 20; at++)
            {
                await Stored.PutAsync(store, Stored.Head($"{at}"), Stored.Body($"{at}", 50_000));
            }
        }

        foreach (var file in Stored.Files(Place))
        {
            File.SetLastWriteTimeUtc(file, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        }

        await using (var store = await Stored.OnDiskAsync(Place))
        {
            await Stored.PutAsync(store, Stored.Head("new"), Stored.Body("new", 50_000));
        }

        await using (var store = await Stored.OnDiskAsync(Place, 300_000))
        {
            await Stored.UntilAsync(() => store.Usage.DiskBytes <= 300_000);
            Assert.Equal(Stored.Body("new", 50_000), await Stored.GetAsync(store, "new"));
        }
    }

    [Fact]
    public async Task A_newer_head_is_on_disk_too_and_the_older_one_is_what_a_torn_write_leaves()
    {
        await using (var store = await Stored.OnDiskAsync(Place))
        {
            await Stored.PutAsync(store, Stored.Head("a", version: 1), Stored.Body("a", 5000));
            await Stored.UntilAsync(() => store.Usage.DiskObjects == 1);
            for (var version = 2; version < 5; version++)
            {
                Assert.True(store.TryGet("a", Request.Plain, out var stored));
                Assert.True(store.Freshen(stored, Stored.Head("a", version: version)));
                stored.Release();
                await Stored.UntilAsync(() => File.ReadAllBytes(Stored.Files(Place).Single()).AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes($"\"{version}\"")) > 0);
            }
        }

        Assert.Equal("\"4\"", await EntityTagAsync());

        // The fourth head went into the second slot: damage it.
        var file = Stored.Files(Place).Single();
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        var at = bytes.AsSpan().IndexOf("\"4\""u8);
        bytes[at + 1] = (byte)'9';
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        Assert.Equal("\"3\"", await EntityTagAsync());

        async Task<string> EntityTagAsync()
        {
            await using var store = await Stored.OnDiskAsync(Place);
            Assert.Equal(Stored.Body("a", 5000), await Stored.GetAsync(store, "a"));
            Assert.True(store.TryGet("a", Request.Plain, out var stored));
            stored.Release();
            return stored.Head.Headers[1].Value;
        }
    }

    [Fact]
    public async Task A_newer_head_that_has_no_room_in_the_file_takes_the_file_away()
    {
        await using var store = await Stored.OnDiskAsync(Place);
        await Stored.PutAsync(store, Stored.Head("a"), [1]);
        await Stored.UntilAsync(() => store.Usage.DiskObjects == 1);
        Assert.True(store.TryGet("a", Request.Plain, out var stored));
        var old = stored.Head;
        store.Freshen(stored, new StoredHead { Key = old.Key, Status = 200, Headers = [new("X", new string('x', 5000))], RequestedAt = old.RequestedAt, AnsweredAt = old.AnsweredAt });
        stored.Release();
        await Stored.UntilAsync(() => store.Usage.DiskObjects == 0 && store.Usage.DiskBytes == 0);
        Assert.Equal([1], await Stored.GetAsync(store, "a"));
    }

    [Fact]
    public async Task A_purged_prefix_does_not_come_back_after_a_restart_even_if_its_files_are_still_there()
    {
        var kept = Path.Combine(_directory.Path, "kept");
        await using (var store = await Stored.OnDiskAsync(Place))
        {
            for (var at = 0; at < 10; at++)
            {
                await Stored.PutAsync(store, Stored.Head($"http://a/{at % 2}/{at}"), [1]);
            }
        }

        CopyFiles(Place, kept);
        await using (var store = await Stored.OnDiskAsync(Place, memory: 0))
        {
            Assert.Equal(5, await store.RemovePrefixAsync("http://a/1/"));
            Assert.Null(await Stored.GetAsync(store, "http://a/1/3"));
            Assert.Equal([1], await Stored.GetAsync(store, "http://a/0/4"));
        }

        CopyFiles(kept, Place);
        new PurgeOnly(Place).Leave("http://a/1/");
        await using (var store = await Stored.OnDiskAsync(Place, memory: 0))
        {
            Assert.Null(await Stored.GetAsync(store, "http://a/1/3"));
            Assert.Equal([1], await Stored.GetAsync(store, "http://a/0/4"));
            await Stored.UntilAsync(() => store.Usage.DiskObjects == 5);
            await Stored.UntilAsync(() => new FileInfo(Path.Combine(Place, "purges")).Length == 0);

            // What is kept afterwards is not touched by it.
            await Stored.PutAsync(store, Stored.Head("http://a/1/3"), new byte[70_000]);
            Assert.NotNull(await Stored.GetAsync(store, "http://a/1/3"));
        }
    }

    [Fact]
    public async Task A_list_of_purges_that_cannot_be_understood_purges_everything()
    {
        await using (var store = await Stored.OnDiskAsync(Place))
        {
            await Stored.PutAsync(store, Stored.Head("a"), [1]);
        }

        await File.WriteAllTextAsync(Path.Combine(Place, "purges"), "17 aHR0", TestContext.Current.CancellationToken);
        await using (var store = await Stored.OnDiskAsync(Place))
        {
            Assert.Null(await Stored.GetAsync(store, "a"));
            await Stored.UntilAsync(() => store.Usage.DiskObjects == 0);
        }
    }

    [Fact]
    public async Task A_removed_key_is_gone_from_disk_with_all_its_selections()
    {
        string[] encoding = ["accept-encoding"];
        await using (var store = await Stored.OnDiskAsync(Place))
        {
            for (var at = 0; at < 5; at++)
            {
                await Stored.PutAsync(store, Stored.Head("k", encoding, $"accept-encoding:{at}", at), [(byte)at]);
            }

            await Stored.PutAsync(store, Stored.Head("other"), [9]);
            await Stored.UntilAsync(() => store.Usage.DiskObjects == 6);
            Assert.Equal(5, await store.RemoveAsync("k"));
            Assert.Single(Stored.Files(Place));
        }

        await using (var store = await Stored.OnDiskAsync(Place))
        {
            Assert.Null(await Stored.GetAsync(store, "k"));
            Assert.Equal([9], await Stored.GetAsync(store, "other"));
        }
    }

    [Fact]
    public async Task What_is_being_sent_counts_until_it_is_released()
    {
        await using var store = await Stored.OnDiskAsync(Place);
        var body = Stored.Body("large", 2_000_000);
        await Stored.PutAsync(store, Stored.Head("large"), body);
        Assert.True(store.TryGet("large", Request.Plain, out var stored));
        await store.RemoveAsync("large");
        Assert.InRange(store.Usage.DiskBytes, 2_000_000, 2_100_000);
        Assert.Empty(Stored.Files(Place));
        Assert.Equal(body, await Stored.ReadAsync(stored));
        stored.Release();
        Assert.Equal(0, store.Usage.DiskBytes);
        Assert.Equal(0, store.Usage.MemoryBytes);
        Assert.DoesNotContain(_directory.OpenFiles(), path => new FileInfo(path).LinkTarget!.Contains("large", StringComparison.Ordinal));
    }

    private static void CopyFiles(string from, string to)
    {
        foreach (var file in Stored.Files(from))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }
    }
}
