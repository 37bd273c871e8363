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
        await Stored.UntilAsync(() => TryRemove(Place));
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

    [Fact]
    public async Task A_directory_that_cannot_be_looked_through_is_tried_again()
    {
        // A directory where the list of purges should be.
        var list = Directory.CreateDirectory(Path.Combine(Place, "purges"));
        var time = new FakeTimeProvider(Stored.Start);
        await using var store = new ObjectStore(1 << 20, 1 << 20, Place, NullLogger.Instance, time);
        await Stored.UntilAsync(() => store.Usage.DiskTrouble is not null);
        Assert.False(store.IsDiskReady);
        list.Delete();
        time.Advance(TimeSpan.FromSeconds(5));
        await Stored.UntilAsync(() => store.IsDiskReady);
        Assert.Null(store.Usage.DiskTrouble);
    }

    [Theory]
    [InlineData("below")]
    [InlineData("")]
    public async Task A_file_in_the_way_of_the_directory_is_told_in_one_line(string below)
    {
        await File.WriteAllTextAsync(Place, "a file", TestContext.Current.CancellationToken);
        var log = new LineLog();
        var directory = Path.Combine(Place, below);
        await using var store = new ObjectStore(1 << 20, 1 << 20, directory, log, new FakeTimeProvider(Stored.Start));
        await Stored.UntilAsync(() => store.Usage.DiskTrouble is not null);
        Assert.Equal($"disk is not used: '{Place}' is not a directory", store.Usage.DiskTrouble);
        await Stored.UntilAsync(() => log.Lines.Count > 0); // told a moment later
        Assert.Equal([$"[Warning] cache {directory}: opening fails, goes on without: '{Place}' is not a directory "], log.Lines);
    }

    [Fact]
    public async Task A_purge_does_not_wait_for_a_directory_that_was_removed()
    {
        var time = new FakeTimeProvider(Stored.Start); // it stands: no patience ever ends
        await using var store = await Stored.OnDiskAsync(Place, memory: 0, time: time);
        await Stored.UntilAsync(() => File.Exists(Path.Combine(Place, "purges")));
        await Stored.UntilAsync(() => TryRemove(Place));
        await store.RemoveAllAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await Stored.UntilAsync(() => File.Exists(Path.Combine(Place, "lock")));
    }

    [Fact]
    public async Task A_disk_that_hangs_makes_misses_and_holds_up_neither_memory_nor_the_thread_pool()
    {
        await using (var first = await Stored.OnDiskAsync(Place))
        {
            for (var number = 0; number < 20; number++)
            {
                await Stored.PutAsync(first, Stored.Head($"k{number}"), Stored.Body($"k{number}", 5000));
            }
        }

        // Opening a FIFO that nobody writes to is a call that does not return.
        var files = Stored.Files(Place);
        Hang(files);
        await using var store = await Stored.OnDiskAsync(Place);
        await Stored.PutAsync(store, Stored.Head("at hand"), [1]);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var looks = Enumerable.Range(0, 20).Select(number => Stored.GetAsync(store, $"k{number}").AsTask()).ToArray();
        var pool = Task.Run(() => clock.Elapsed, TestContext.Current.CancellationToken);
        Assert.Equal([1], await Stored.GetAsync(store, "at hand"));
        Assert.All(await Task.WhenAll(looks), Assert.Null);
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(30));
        Assert.InRange(await pool, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Contains("does not answer", store.Usage.DiskTrouble, StringComparison.Ordinal);

        // From here on nobody waits at all.
        clock.Restart();
        Assert.Null(await Stored.GetAsync(store, "k1"));
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal(1, await store.RemoveAsync("at hand"));
        GoOn(files);
    }

    [Fact]
    public async Task A_look_up_that_a_client_does_not_wait_for_leaves_nothing_behind()
    {
        await using (var first = await Stored.OnDiskAsync(Place))
        {
            await Stored.PutAsync(first, Stored.Head("k"), Stored.Body("k", 5000));
        }

        var files = Stored.Files(Place);
        Hang(files);
        await using (var store = await Stored.OnDiskAsync(Place))
        {
            using var gone = new CancellationTokenSource();
            var look = store.GetAsync("k", Request.Plain, gone.Token).AsTask();
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => look);
            await Stored.UntilAsync(() =>
            {
                GoOn(files); // it may just have come there
                return store.Usage.DiskDamaged == 1;
            });
        }

        Assert.Empty(_directory.OpenFiles());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_full_disk_costs_what_does_not_fit_and_nothing_else(int seed)
    {
        Directory.CreateDirectory(Place);
        var mounted = Run("mount", "-t", "tmpfs", "-o", "size=1m", "none", Place) == 0;
        Assert.SkipUnless(mounted, "needs to mount a tmpfs");
        try
        {
            var time = new FakeTimeProvider(Stored.Start);
            var random = new Random(seed);
            var isFull = false;
            var put = new Dictionary<string, List<byte[]>>(); // what may be found: whole, and nothing older than what was kept for sure
            await using (var store = await Stored.OnDiskAsync(Place, memory: 200_000, time: time))
            {
                for (var round = 0; round < 300; round++)
                {
                    var key = $"k{random.Next(100)}";
                    var length = random.Next(8) == 0 ? random.Next(600_000) : random.Next(20_000);
                    var body = Stored.Body($"{key} {round}", length);
                    var isKept = await Stored.PutAsync(store, Stored.Head(key, version: round), body, random.Next(2) == 0);
                    put[key] = [.. isKept ? [] : put.GetValueOrDefault(key, []), body];
                    isFull |= store.Usage.DiskTrouble is not null;
                    time.Advance(TimeSpan.FromSeconds(random.Next(4)));
                    var asked = $"k{random.Next(100)}";
                    Assert.True(await Stored.GetAsync(store, asked) is not { } found || put[asked].Any(found.SequenceEqual), "another one");
                }

                Assert.True(isFull);
            }

            await using var after = await Stored.OnDiskAsync(Place, memory: 200_000);
            var kept = 0;
            foreach (var (key, bodies) in put)
            {
                var found = await Stored.GetAsync(after, key);
                Assert.True(found is null || bodies.Any(found.SequenceEqual), "another one");
                kept += found is null ? 0 : 1;
            }

            Assert.InRange(kept, 1, 100);
            Assert.Equal(0, after.Usage.DiskDamaged);
            await after.RemoveAllAsync();
            await Stored.UntilAsync(() => after.Usage.DiskBytes == 0);
            Assert.True(await Stored.PutAsync(after, Stored.Head("large"), Stored.Body("large", 500_000)));
        }
        finally
        {
            Run("umount", "-l", Place);
        }
    }

    [Fact]
    public async Task A_directory_that_is_removed_while_it_runs_is_begun_anew()
    {
        var time = new FakeTimeProvider(Stored.Start);
        await using var store = await Stored.OnDiskAsync(Place, memory: 0, time: time);
        Assert.True(await Stored.PutAsync(store, Stored.Head("a"), Stored.Body("a", 5000)));
        await Stored.UntilAsync(() => TryRemove(Place));
        Assert.NotEqual(Stored.Body("b", 5000), await Stored.GetAsync(store, "a"));
        await Stored.PutAsync(store, Stored.Head("b"), Stored.Body("b", 5000));
        await store.RemoveAllAsync(); // has it look after its directory
        for (var until = Environment.TickCount64 + 15_000; !(await Stored.PutAsync(store, Stored.Head("c"), Stored.Body("c", 5000)) && File.Exists(Path.Combine(Place, "lock")));)
        {
            Assert.True(Environment.TickCount64 < until, "it did not begin anew");
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.Equal(Stored.Body("c", 5000), await Stored.GetAsync(store, "c"));
        await Stored.UntilAsync(() => store.Usage.DiskBytes == Stored.Size(Place));
    }

    private static void Hang(string[] files)
    {
        foreach (var file in files)
        {
            File.Delete(file);
            Assert.Equal(0, Run("mkfifo", file));
        }
    }

    /// <summary>Removes a directory in which somebody may write at the same time.</summary>
    private static bool TryRemove(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: true);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Whoever waits in there comes to the end of an empty file.</summary>
    private static void GoOn(string[] files)
    {
        foreach (var file in files.Where(File.Exists))
        {
            // The kernel counts writers that came, not those that are there: nobody misses one that leaves at once.
            new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, 0).Dispose();
        }
    }

    private static int Run(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
