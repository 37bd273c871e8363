using System.Buffers;
using Microsoft.Extensions.Logging.Abstractions;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Caching.Storage;

/// <summary>Shorthands for putting answers in and getting them out again.</summary>
internal static class Stored
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static ObjectStore InMemory(long memory) => new(memory, 0, null, NullLogger.Instance, TimeProvider.System);

    /// <summary>One with a disk tier that knows what it holds.</summary>
    public static async ValueTask<ObjectStore> OnDiskAsync(string directory, long disk = 64 << 20, long memory = 4 << 20, TimeProvider? time = null)
    {
        var store = new ObjectStore(memory, disk, directory, NullLogger.Instance, time ?? TimeProvider.System);
        await UntilAsync(() => store.IsDiskReady);
        return store;
    }

    public static async ValueTask UntilAsync(Func<bool> condition)
    {
        for (var begun = Environment.TickCount64; !condition(); await Task.Delay(5, TestContext.Current.CancellationToken))
        {
            Assert.True(Environment.TickCount64 - begun < 60_000, "not within a minute");
        }
    }

    public static string[] Files(string directory) => Directory.GetFiles(directory, "*-*", SearchOption.AllDirectories);

    /// <summary>
    /// Bytes that the files take, as the tier counts them. Those that vanish while they are counted take none: so all that are
    /// counted were there at one time.
    /// </summary>
    public static long Size(string directory)
    {
        var counted = new List<(string Path, long Size)>();
        foreach (var path in Files(directory))
        {
            try
            {
                counted.Add((path, (new FileInfo(path).Length + 4095) / 4096 * 4096));
            }
            catch (FileNotFoundException)
            {
                continue;
            }
        }

        return counted.Where(static file => File.Exists(file.Path)).Sum(static file => file.Size);
    }

    public static StoredHead Head(string key, string[]? vary = null, string variant = "", int version = 0) => new()
    {
        Key = key,
        VaryNames = vary ?? [],
        Variant = variant,
        Status = 200,
        Reason = "Fine",
        Headers = [new Header("Content-Type", "text/plain"), new Header("ETag", $"\"{version}\"")],
        RequestedAt = Start.AddSeconds(version),
        AnsweredAt = Start.AddSeconds(version),
    };

    /// <summary>Bytes that are of this text and no other.</summary>
    public static byte[] Body(string text, int length)
    {
        var bytes = new byte[length];
        var seed = (uint)text.Aggregate(17, (sum, letter) => (sum * 31) + letter) | 1;
        for (var at = 0; at < length; at++)
        {
            seed = (seed * 1664525) + 1013904223;
            bytes[at] = (byte)(seed >> 24);
        }

        return bytes;
    }

    public static async ValueTask<bool> PutAsync(ObjectStore store, StoredHead head, byte[] body, bool tellLength = true, int piece = 10_000)
    {
        using var writer = store.Begin(head, tellLength ? body.Length : -1);
        if (writer is null)
        {
            return false;
        }

        for (var at = 0; at < body.Length; at += piece)
        {
            if (!await writer.AppendAsync(body.AsMemory(at, Math.Min(piece, body.Length - at))))
            {
                return false;
            }
        }

        return await writer.CommitAsync();
    }

    /// <summary>The body as a look-up gives it; null = a miss.</summary>
    public static async ValueTask<byte[]?> GetAsync(ObjectStore store, string key, IVariantSelector? request = null)
    {
        var stored = await store.GetAsync(key, request ?? Request.Plain, TestContext.Current.CancellationToken);
        if (stored is null)
        {
            return null;
        }

        try
        {
            Assert.Equal(key, stored.Head.Key);
            return await ReadAsync(stored);
        }
        finally
        {
            stored.Release();
        }
    }

    public static ValueTask<byte[]> ReadAsync(StoredObject stored) => ReadAsync(stored, 0, stored.Length);

    /// <summary>A part of the body in the way in which it is sent: as far as that is, when what is on disk turns out to be broken.</summary>
    public static async ValueTask<byte[]> ReadAsync(StoredObject stored, long offset, long length)
    {
        const int pieceSize = 128 * 1024;
        if (stored.InMemory)
        {
            return stored.Bytes.Slice(offset, length).ToArray();
        }

        var all = new byte[length];
        for (var at = 0; at < length; at += pieceSize)
        {
            var piece = all.AsMemory(at, (int)Math.Min(pieceSize, length - at));
            if (!await stored.VerifyAsync(offset + at, piece.Length, TestContext.Current.CancellationToken))
            {
                return all[..at];
            }

            Assert.Equal(piece.Length, RandomAccess.Read(stored.File, piece.Span, stored.FileOffset + offset + at));
        }

        return all;
    }

    public static async ValueTask<byte[]> ReadAsync(FillReader reader)
    {
        var all = new ArrayBufferWriter<byte>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken) is { Length: > 0 } bytes)
        {
            all.Write(bytes.Span);
        }

        return all.WrittenSpan.ToArray();
    }
}
