using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Tests.Apps;
using Skitai.Posix;

namespace Skitai.Engine.Tests.Caching.Storage;

/// <summary>Whatever a power loss or a rotten disk makes of a file: a miss, or what was stored.</summary>
public sealed class DamageTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_small_file_cut_anywhere_or_with_any_bit_turned_over_gives_a_miss_or_what_was_stored()
    {
        var body = Stored.Body("a", 100);
        await using (var writer = await Stored.OnDiskAsync(_directory.Path))
        {
            await Stored.PutAsync(writer, Stored.Head("a"), body);
        }

        var file = Stored.Files(_directory.Path).Single();
        var sound = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);

        // Somebody else owns the directory: each look-up asks the file system, and reads the file anew.
        using var owned = FileLock.TryTake(Path.Combine(_directory.Path, "lock"));
        Assert.NotNull(owned);
        await using var store = new ObjectStore(0, 1 << 20, _directory.Path, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, TimeProvider.System);
        Assert.Equal(body, await Stored.GetAsync(store, "a"));
        var misses = 0;
        for (var at = 0; at < sound.Length; at++)
        {
            await TryAsync(sound.AsSpan(0, at).ToArray());
            var turned = sound.ToArray();
            turned[at] ^= (byte)(1 << (at % 8));
            await TryAsync(turned);
        }

        // What is not noticed are the bytes that nobody uses: the rest of the first slot and the second one.
        Assert.InRange(misses, sound.Length + 300, 2 * sound.Length);

        async Task TryAsync(byte[] damaged)
        {
            await File.WriteAllBytesAsync(file, damaged, TestContext.Current.CancellationToken);
            var found = await Stored.GetAsync(store, "a");
            if (found is null)
            {
                misses++;
                await Stored.UntilAsync(() => !File.Exists(file));
            }
            else
            {
                Assert.Equal(body, found);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(70_000)]
    [InlineData(1_400_000)]
    [InlineData(2_999_999)]
    public async Task A_damaged_block_of_a_large_body_is_never_given_out_and_what_is_before_it_is(int damagedAt)
    {
        var body = Stored.Body("large", 3_000_000);
        await using (var writer = await Stored.OnDiskAsync(_directory.Path))
        {
            await Stored.PutAsync(writer, Stored.Head("large"), body);
        }

        var file = Stored.Files(_directory.Path).Single();
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        var start = bytes.AsSpan().IndexOf(body.AsSpan(0, 100));
        bytes[start + damagedAt] ^= 0x10;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);

        await using var store = await Stored.OnDiskAsync(_directory.Path);
        var stored = await store.GetAsync("large", Request.Plain, TestContext.Current.CancellationToken);
        if (damagedAt < 1 << 20)
        {
            Assert.Null(stored);
        }
        else
        {
            Assert.NotNull(stored);
            var given = await Stored.ReadAsync(stored);
            Assert.InRange(given.Length, 1 << 20, damagedAt);
            Assert.Equal(body.AsSpan(0, given.Length).ToArray(), given);
            Assert.False(await stored.VerifyAsync(damagedAt, 1, TestContext.Current.CancellationToken));
            Assert.True(await stored.VerifyAsync(0, 1 << 20, TestContext.Current.CancellationToken));
            stored.Release();
        }

        await Stored.UntilAsync(() => Stored.Files(_directory.Path).Length == 0 && store.Usage.DiskBytes == 0);
        Assert.Equal(1, store.Usage.DiskDamaged);
        Assert.Null(await Stored.GetAsync(store, "large"));
    }

    [Fact]
    public async Task A_file_under_another_objects_name_is_not_taken_for_it()
    {
        await using (var writer = await Stored.OnDiskAsync(_directory.Path))
        {
            await Stored.PutAsync(writer, Stored.Head("a"), [1]);
            await Stored.PutAsync(writer, Stored.Head("b"), [2]);
        }

        var files = Stored.Files(_directory.Path);
        File.Copy(files[0], files[1], overwrite: true);
        await using var store = await Stored.OnDiskAsync(_directory.Path);
        byte[]? a = await Stored.GetAsync(store, "a"), b = await Stored.GetAsync(store, "b");
        Assert.True((a is [1] && b is null) || (a is null && b is [2]));
    }

    [Fact]
    public async Task What_a_dead_process_had_begun_is_cleared_away()
    {
        await using (var writer = await Stored.OnDiskAsync(_directory.Path))
        {
            await Stored.PutAsync(writer, Stored.Head("a"), [1]);
        }

        var leftOver = Stored.Files(_directory.Path).Single() + ".17-3.tmp";
        await File.WriteAllTextAsync(leftOver, "half", TestContext.Current.CancellationToken);
        await using var store = await Stored.OnDiskAsync(_directory.Path);
        Assert.False(File.Exists(leftOver));
        Assert.Equal(1, store.Usage.DiskObjects);
    }
}
