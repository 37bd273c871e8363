using System.Diagnostics;
using System.Globalization;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Tests.Apps;

namespace Skitai.Engine.Tests.Caching.Storage;

/// <summary>A process that writes as fast as it can is killed at any instant.</summary>
public sealed class KilledWriterTests
{
    private const string Variable = "SKITAI_TEST_CACHE";
    private const int Kills = 5;

    [Fact]
    public async Task Killed_while_it_writes_it_leaves_whole_objects_and_nothing_that_was_removed()
    {
        using var directory = new TemporaryDirectory();
        var removed = new HashSet<string>();
        var kept = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            removed.UnionWith(await WriteUntilKilledAsync(directory.Path, afterLines: 20 + (kill * 37)));
            await using var store = await Stored.OnDiskAsync(directory.Path, memory: 1 << 20);
            Assert.Empty(Directory.GetFiles(directory.Path, "*.tmp", SearchOption.AllDirectories));
            await Stored.UntilAsync(() => store.Usage.DiskBytes == Stored.Size(directory.Path));
            Assert.Equal(Stored.Files(directory.Path).Length, store.Usage.DiskObjects);
            for (var number = 0; number < 100; number++)
            {
                kept += await CheckAsync(store, $"http://kept/{number}") ? 1 : 0;
            }

            foreach (var key in removed)
            {
                Assert.False(await CheckAsync(store, key), $"{key} was removed and is there again");
            }

            Assert.Equal(0, store.Usage.DiskDamaged);
        }

        Assert.InRange(kept, 50, Kills * 100);
        Assert.InRange(removed.Count, Kills * 10, int.MaxValue);
    }

    /// <summary>The process that is killed: run by the test above, with the directory in its environment.</summary>
    [Fact(Explicit = true)]
    public async Task Writes_until_it_is_killed()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } directory)
        {
            return;
        }

        await using var store = await Stored.OnDiskAsync(directory, memory: 1 << 20);
        var random = new Random(Environment.ProcessId);
        using var output = new StreamWriter(Path.Combine(directory, "removed.log"), append: false) { AutoFlush = true };
        for (var until = Environment.TickCount64 + 60_000; Environment.TickCount64 < until;)
        {
            var version = random.Next(1_000_000);
            var key = $"http://kept/{random.Next(100)}";
            await Stored.PutAsync(store, Stored.Head(key, version: version), Stored.Body($"{key} {version}", LengthOf(version)), random.Next(2) == 0);
            if (store.TryGet(key, Request.Plain, out var stored))
            {
                // Another head of the same object: the version says what is in the body.
                store.Freshen(stored, Stored.Head(key, version: int.Parse(stored.Head.Headers[1].Value.Trim('"'), CultureInfo.InvariantCulture)));
                stored.Release();
            }

            var gone = $"http://gone/{random.Next(1_000_000)}/x";
            await Stored.PutAsync(store, Stored.Head(gone, version: 1), Stored.Body($"{gone} 1", LengthOf(1)));
            if (version % 2 == 0)
            {
                await store.RemoveAsync(gone);
            }
            else
            {
                await store.RemovePrefixAsync(gone[..^1]);
            }

            await output.WriteLineAsync(gone);
        }
    }

    private static int LengthOf(int version) => version % 5 == 0 ? 100_000 + (version % 500_000) : version % 9000;

    private static async Task<bool> CheckAsync(ObjectStore store, string key)
    {
        var stored = await store.GetAsync(key, Request.Plain, TestContext.Current.CancellationToken);
        if (stored is null)
        {
            return false;
        }

        var version = int.Parse(stored.Head.Headers[1].Value.Trim('"'), CultureInfo.InvariantCulture);
        var body = await Stored.ReadAsync(stored);
        Assert.True(body.AsSpan().SequenceEqual(Stored.Body($"{key} {version}", LengthOf(version))), $"{key} is torn");
        stored.Release();
        return true;
    }

    /// <summary>What the process had removed before it was killed.</summary>
    private static async Task<string[]> WriteUntilKilledAsync(string directory, int afterLines)
    {
        var log = Path.Combine(directory, "removed.log");
        File.Delete(log);
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            ArgumentList = { "-method", $"{typeof(KilledWriterTests).FullName}.{nameof(Writes_until_it_is_killed)}", "-explicit", "only" },
            Environment = { [Variable] = directory },
            UseShellExecute = false,
        };
        using var writer = Process.Start(start)!;
        try
        {
            await Stored.UntilAsync(() => writer.HasExited || (File.Exists(log) && ReadLines().Length >= afterLines));
            Assert.False(writer.HasExited, "it ended by itself");
        }
        finally
        {
            writer.Kill(); // SIGKILL
            await writer.WaitForExitAsync(CancellationToken.None);
        }

        return ReadLines();

        string[] ReadLines()
        {
            using var reader = new StreamReader(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            var text = reader.ReadToEnd();
            return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
    }
}
