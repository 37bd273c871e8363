using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Skitai.Engine.Tests.Apps;

namespace Skitai.Engine.Tests.Caching.Storage;

/// <summary>The process has no file descriptor to spare.</summary>
[Collection(Alone.Name)]
public sealed class OutOfFilesTests
{
    [Fact]
    public async Task What_could_not_be_looked_at_stays_purged_and_goes_later()
    {
        using var directory = new TemporaryDirectory();
        await using (var first = await Stored.OnDiskAsync(directory.Path))
        {
            await Stored.PutAsync(first, Stored.Head("http://a/1"), [1]);
            await Stored.PutAsync(first, Stored.Head("http://b/1"), [2]);
        }

        var time = new FakeTimeProvider(Stored.Start);
        await using var store = await Stored.OnDiskAsync(directory.Path, memory: 0, time: time);
        await store.RemovePrefixAsync("http://b/"); // all that it takes is loaded now
        Assert.Single(Stored.Files(directory.Path));
        using (var limiter = Limiter())
        {
            await Say(limiter, "lower");
            try
            {
                await store.RemovePrefixAsync("http://a/");
            }
            finally
            {
                await Say(limiter, "raise");
            }

            limiter.StandardInput.Close();
            await limiter.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Single(Stored.Files(directory.Path));
        time.Advance(TimeSpan.FromMinutes(2));
        await Stored.UntilAsync(() => Stored.Files(directory.Path).Length == 0);
    }

    /// <summary>Sets this process' limit of open files when it is told to: what starts a process needs some itself.</summary>
    private static Process Limiter()
    {
        const string Script = """
            was=$(prlimit --pid "$0" --nofile --output SOFT --noheadings) || exit 1
            while read word; do
                if [ "$word" = lower ]; then prlimit --pid "$0" --nofile=5:; else prlimit --pid "$0" --nofile="$((was)):"; fi
                echo done
            done
            """;
        return Process.Start(new ProcessStartInfo("sh")
        {
            ArgumentList = { "-c", Script, $"{Environment.ProcessId}" },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
    }

    private static async Task Say(Process limiter, string word)
    {
        await limiter.StandardInput.WriteLineAsync(word);
        await limiter.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        Assert.Equal("done", await limiter.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
    }
}
