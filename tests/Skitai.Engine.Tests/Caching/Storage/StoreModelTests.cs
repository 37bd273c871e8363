using FsCheck;
using FsCheck.Fluent;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Tests.Apps;

namespace Skitai.Engine.Tests.Caching.Storage;

/// <summary>Whatever is done to it, in whatever order: it gives what a dictionary would give, or, where it is small, nothing.</summary>
public sealed class StoreModelTests
{
    private static readonly string[] s_keys = ["http://a/1", "http://a/2", "http://b/1"];
    private static readonly string[] s_encoding = ["accept-encoding"];
    private static readonly Request[] s_requests = [Request.Plain, new(("accept-encoding", "gzip")), new(("accept-encoding", "br"))];
    private static readonly int[] s_lengths = [0, 100, 5000, 70_000, 270_000];

    public enum Kind
    {
        Put,
        PutVaried,
        PutUnknownLength,
        Abort,
        Get,
        Freshen,
        Remove,
        RemovePrefix,
        RemoveAll,
        Reopen,
    }

    [Theory]
    [InlineData(64 << 20, 64 << 20)]
    [InlineData(0, 64 << 20)]
    [InlineData(64 << 20, 0)]
    public void It_does_what_a_dictionary_does(long memory, long disk)
        => Run(25, operations => FollowAsync(operations, memory, disk, isExact: true));

    [Theory]
    [InlineData(200_000, 1_200_000)]
    [InlineData(100_000, 0)]
    [InlineData(0, 600_000)]
    public void A_small_one_forgets_but_is_never_wrong(long memory, long disk)
        => Run(25, operations => FollowAsync(operations, memory, disk, isExact: false));

    private static void Run(int times, Func<Operation[], Task> follow)
    {
        var kinds = Gen.Frequency(
            (4, Gen.Constant(Kind.Put)),
            (4, Gen.Constant(Kind.PutVaried)),
            (2, Gen.Constant(Kind.PutUnknownLength)),
            (1, Gen.Constant(Kind.Abort)),
            (8, Gen.Constant(Kind.Get)),
            (4, Gen.Constant(Kind.Freshen)),
            (2, Gen.Constant(Kind.Remove)),
            (1, Gen.Constant(Kind.RemovePrefix)),
            (1, Gen.Constant(Kind.RemoveAll)),
            (1, Gen.Constant(Kind.Reopen)));
        var operation =
            from kind in kinds
            from key in Gen.Choose(0, s_keys.Length - 1)
            from request in Gen.Choose(0, s_requests.Length - 1)
            from length in Gen.Choose(0, s_lengths.Length - 1)
            select new Operation(kind, key, request, length);
        var operations = Gen.Sized(_ => from count in Gen.Choose(1, 40) from all in operation.ArrayOf(count) select all);
        Prop.ForAll(operations.ToArbitrary(), all => follow(all).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(times).WithQuietOnSuccess(true));
    }

    private static async Task FollowAsync(Operation[] operations, long memory, long disk, bool isExact)
    {
        using var directory = new TemporaryDirectory();
        var model = new Dictionary<(string Key, string Variant), (int Version, int Made, int Length)>();
        var store = await OpenAsync();
        var version = 0;
        try
        {
            foreach (var (kind, keyAt, requestAt, lengthAt) in operations)
            {
                var (key, request, length) = (s_keys[keyAt], s_requests[requestAt], s_lengths[lengthAt]);
                var selection = kind == Kind.PutVaried ? request.VariantOf(s_encoding) : "";
                switch (kind)
                {
                    case Kind.Put or Kind.PutVaried or Kind.PutUnknownLength:
                        version++;
                        var head = Stored.Head(key, kind == Kind.PutVaried ? s_encoding : [], selection, version);
                        var isKept = await Stored.PutAsync(store, head, Stored.Body($"{key} {version}", length), kind != Kind.PutUnknownLength);
                        Assert.True(isKept || !isExact, "not kept");
                        if (isKept)
                        {
                            model.Keys.Where(other => other.Key == key && (other.Variant.Length == 0) != (selection.Length == 0)).ToList().ForEach(other => model.Remove(other));
                            model[(key, selection)] = (version, version, length);
                        }

                        break;

                    case Kind.Abort:
                        using (var writer = store.Begin(Stored.Head(key), length))
                        {
                            if (writer is not null && length > 0)
                            {
                                await writer.AppendAsync(new byte[length - 1]);
                            }
                        }

                        break;

                    case Kind.Get or Kind.Freshen:
                        await CompareAsync(key, request, kind == Kind.Freshen);
                        break;

                    case Kind.Remove:
                        await RemoveAsync(await store.RemoveAsync(key), other => other == key);
                        break;

                    case Kind.RemovePrefix:
                        await RemoveAsync(await store.RemovePrefixAsync("http://a/"), other => other.StartsWith("http://a/", StringComparison.Ordinal));
                        break;

                    case Kind.RemoveAll:
                        await RemoveAsync(await store.RemoveAllAsync(), _ => true);
                        break;

                    case Kind.Reopen when disk > 0:
                        await store.DisposeAsync();
                        store = await OpenAsync();
                        break;
                }

                Assert.InRange(store.Usage.MemoryBytes, 0, memory);
                Assert.InRange(store.Usage.DiskBytes, 0, disk);
                Assert.InRange(Stored.Size(directory.Path), 0, disk);
            }

            foreach (var key in s_keys)
            {
                foreach (var request in s_requests)
                {
                    await CompareAsync(key, request, freshen: false);
                }
            }

            await store.RemoveAllAsync();
            await Stored.UntilAsync(() => store.Usage is { MemoryBytes: 0, DiskBytes: 0 } && Stored.Files(directory.Path).Length == 0);
        }
        finally
        {
            await store.DisposeAsync();
        }

        Assert.Empty(directory.OpenFiles());

        async ValueTask<ObjectStore> OpenAsync() => disk > 0 ? await Stored.OnDiskAsync(directory.Path, disk, memory) : Stored.InMemory(memory);

        async Task CompareAsync(string key, Request request, bool freshen)
        {
            var expected = model.Where(one => one.Key.Key == key && (one.Key.Variant.Length == 0 || one.Key.Variant == request.VariantOf(s_encoding)))
                .OrderByDescending(one => one.Value.Version).Select(one => ((string, string)?)one.Key).FirstOrDefault();
            var stored = await store.GetAsync(key, request, TestContext.Current.CancellationToken);
            if (stored is null)
            {
                Assert.True(expected is null || !isExact, $"{key} is missing");
                return;
            }

            try
            {
                Assert.True(expected is not null, $"{key} should not be there");
                var (currentVersion, made, length) = model[expected!.Value];
                Assert.Equal($"\"{currentVersion}\"", stored.Head.Headers[1].Value);
                Assert.Equal(Stored.Body($"{key} {made}", length), await Stored.ReadAsync(stored));
                if (freshen)
                {
                    version++;
                    store.Freshen(stored, Stored.Head(key, stored.Head.VaryNames, stored.Head.Variant, version));
                    model[expected.Value] = (version, made, length);
                }
            }
            finally
            {
                stored.Release();
            }
        }

        Task RemoveAsync(int removed, Func<string, bool> isMeant)
        {
            var meant = model.Keys.Where(one => isMeant(one.Key)).ToList();
            meant.ForEach(one => model.Remove(one));
            Assert.True(isExact ? removed == meant.Count : removed <= meant.Count, $"{removed} of {meant.Count}");
            return Task.CompletedTask;
        }
    }

    public readonly record struct Operation(Kind Kind, int Key, int Request, int Length);
}
