using System.Globalization;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Proxy.Upstream;
using Skitai.Engine.Tests.Apps;

namespace Skitai.Engine.Tests.Caching.Storage;

/// <summary>Many at once, and little room: what comes out is whole, and what is counted comes down to nothing in the end.</summary>
public sealed class HammerTests
{
    private const int Rounds = 1500;

    [Theory]
    [InlineData(1 << 20, 4 << 20)]
    [InlineData(1 << 20, 0)]
    [InlineData(0, 4 << 20)]
    public async Task Many_at_once_get_whole_answers_and_leave_nothing_behind(long memory, long disk)
    {
        using var directory = new TemporaryDirectory();
        await using var store = disk > 0 ? await Stored.OnDiskAsync(directory.Path, disk, memory) : Stored.InMemory(memory);
        var working = Task.WhenAll(Enumerable.Range(0, 6).Select(number => Task.Run(() => WorkAsync(store, new Random(number)))));
        while (!working.IsCompleted)
        {
            // At any time, not only in the end.
            Assert.InRange(store.Usage.MemoryBytes, 0, memory);
            Assert.InRange(store.Usage.DiskBytes, 0, disk);
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        await working;
        Assert.InRange(store.Usage.MemoryBytes, 0, memory);
        Assert.InRange(store.Usage.DiskBytes, 0, disk);
        await store.RemoveAllAsync();
        await Stored.UntilAsync(() => store.Usage is { MemoryBytes: 0, FillBytes: 0, MemoryObjects: 0, DiskBytes: 0, DiskObjects: 0 });
        Assert.Empty(Stored.Files(directory.Path));
        Assert.Equal(0, store.Usage.DiskDamaged);
        Assert.Null(store.Usage.DiskTrouble);
        Assert.True(directory.OpenFiles().Count <= 1, "files are left open"); // the lock
    }

    private static async Task WorkAsync(ObjectStore store, Random random)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var key = $"http://a/{random.Next(4)}/{random.Next(10)}";
            switch (random.Next(20))
            {
                case < 6:
                    await PutAsync(store, key, random);
                    break;
                case 6:
                    await store.RemoveAsync(key);
                    break;
                case 7 when round % 10 == 0:
                    await store.RemovePrefixAsync(key[..11]);
                    break;
                case 8 when round % 50 == 0:
                    store.Resize(store.Usage.MemoryLimit, store.Usage.DiskLimit);
                    break;
                default:
                    await CheckAsync(store, key, random);
                    break;
            }
        }
    }

    private static async Task PutAsync(ObjectStore store, string key, Random random)
    {
        var version = random.Next();
        var length = random.Next(4) == 0 ? random.Next(400_000) : random.Next(20_000);
        var head = Stored.Head(key, version: version % 1000);
        head = new StoredHead
        {
            Key = key,
            Status = 200,
            Headers = [new Header("X-Made", $"{version}"), new Header("X-Length", $"{length}")],
            RequestedAt = head.RequestedAt,
            AnsweredAt = head.AnsweredAt,
        };
        using var writer = store.Begin(head, random.Next(2) == 0 ? length : -1);
        if (writer is null)
        {
            return;
        }

        var body = Stored.Body($"{version}", length);
        var following = random.Next(2) == 0 ? FollowAsync(writer.Filling, body) : Task.CompletedTask;
        var end = random.Next(10) == 0 ? random.Next(length) : length;
        for (int at = 0, piece; at < end; at += piece)
        {
            piece = Math.Min(random.Next(1, 50_000), end - at);
            if (!await writer.AppendAsync(body.AsMemory(at, piece)))
            {
                break;
            }
        }

        if (end == length && !writer.IsDropped)
        {
            await writer.CommitAsync();
        }
        else
        {
            writer.Abort();
        }

        await following;
    }

    private static async Task FollowAsync(FillingObject filling, byte[] body)
    {
        using var reader = filling.TryOpenReader();
        var at = 0;
        try
        {
            while (reader is not null && await reader.ReadAsync(CancellationToken.None) is { Length: > 0 } bytes)
            {
                Assert.True(body.AsSpan(at, bytes.Length).SequenceEqual(bytes.Span), "another body's bytes while it was filled");
                at += bytes.Length;
            }
        }
        catch (BodyLostException)
        {
            // It was given up.
        }
    }

    private static async Task CheckAsync(ObjectStore store, string key, Random random)
    {
        var stored = await store.GetAsync(key, Request.Plain, CancellationToken.None);
        if (stored is null)
        {
            return;
        }

        try
        {
            var head = stored.Head;
            Assert.Equal(key, head.Key);
            var made = head.Headers[0].Value;
            var length = int.Parse(head.Headers[1].Value, CultureInfo.InvariantCulture);
            Assert.Equal(length, stored.Length);
            var body = await Stored.ReadAsync(stored);
            Assert.True(body.AsSpan().SequenceEqual(Stored.Body(made, length)), "another body's bytes");
            if (random.Next(4) == 0)
            {
                store.Freshen(stored, new StoredHead
                {
                    Key = key,
                    Status = 200,
                    Headers = head.Headers,
                    RequestedAt = head.RequestedAt.AddSeconds(1),
                    AnsweredAt = head.AnsweredAt.AddSeconds(1),
                });
            }
        }
        finally
        {
            stored.Release();
        }
    }
}
