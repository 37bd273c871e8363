using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Skitai.Engine.Caching.Storage;
using Skitai.Engine.Caching.Storage.Disk;
using Skitai.Engine.Caching.Storage.Memory;
using Skitai.Engine.Tests.Apps;

namespace Skitai.Engine.Tests.Caching.Storage;

/// <summary>A read that nobody waits for any more: what it brings is given back, whenever it ends.</summary>
public sealed class DiskPatienceTests : IDisposable
{
    private const int Rounds = 1500, Spins = 2000;

    private readonly TemporaryDirectory _directory = new();
    private readonly Random _random = new(1);
    private int _made, _dropped, _used;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task When_the_client_goes_just_as_a_read_ends_nothing_is_lost()
    {
        await using var tier = Open(TimeProvider.System);
        for (var round = 0; round < Rounds; round++)
        {
            using var gone = new CancellationTokenSource();
            await ReadAsync(tier, () => gone.Cancel(), gone.Token);
        }

        await Stored.UntilAsync(() => Volatile.Read(ref _made) == Rounds && Volatile.Read(ref _dropped) + _used == Rounds);
    }

    [Fact]
    public async Task When_patience_ends_just_as_a_read_does_nothing_is_lost_and_nobody_hears_of_it()
    {
        var time = new FakeTimeProvider(Stored.Start);
        await using var tier = Open(time);
        for (var round = 0; round < Rounds; round++)
        {
            await ReadAsync(tier, () => time.Advance(TimeSpan.FromSeconds(3)), CancellationToken.None);
        }

        await Stored.UntilAsync(() => Volatile.Read(ref _made) == Rounds && Volatile.Read(ref _dropped) + _used == Rounds);
    }

    [Fact]
    public async Task When_patience_ends_just_as_a_write_does_nothing_is_lost_and_nobody_hears_of_it()
    {
        var time = new FakeTimeProvider(Stored.Start);
        await using var tier = Open(time);
        for (var round = 0; round < Rounds; round++)
        {
            var began = 0;
            var writing = tier.WriteInTimeAsync(() => Make(ref began), null, Drop).AsTask();
            await MeetAsync(() => Volatile.Read(ref began) != 0, () => time.Advance(TimeSpan.FromSeconds(6)));
            _used += await writing is null ? 0 : 1;
        }

        await Stored.UntilAsync(() => Volatile.Read(ref _made) == Rounds && Volatile.Read(ref _dropped) + _used == Rounds);
    }

    private DiskTier Open(TimeProvider time) =>
        new(Path.Combine(_directory.Path, "cache"), 64 << 20, new MemoryTier(4 << 20), new Admissions(), NullLogger.Instance, time);

    private async Task ReadAsync(DiskTier tier, Action end, CancellationToken cancellation)
    {
        var began = 0;
        var reading = tier.ReadInTimeAsync(() => Make(ref began), null, Drop, cancellation).AsTask();
        await MeetAsync(() => Volatile.Read(ref began) != 0, end);
        try
        {
            _used += await reading is null ? 0 : 1;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
    }

    private async Task MeetAsync(Func<bool> began, Action end)
    {
        while (!began())
        {
            await Task.Yield();
        }

        Thread.SpinWait(_random.Next(Spins));
        end();
    }

    private object? Make(ref int began)
    {
        Volatile.Write(ref began, 1);
        Thread.SpinWait(Spins);
        Interlocked.Increment(ref _made);
        return new object();
    }

    private void Drop(object? late)
    {
        if (late is not null)
        {
            Interlocked.Increment(ref _dropped);
        }
    }
}
