using System.Runtime.InteropServices;

namespace Skitai.Engine.Caching;

/// <summary>Counts what the cache does, on a cache line of its own for each core.</summary>
internal sealed class CacheCounters
{
    private readonly Stripe[] _stripes = new Stripe[Math.Max(1, Environment.ProcessorCount)];

    /// <summary>This core's share, to be added to by <see cref="Interlocked"/>.</summary>
    public ref Stripe Mine => ref _stripes[Thread.GetCurrentProcessorId() % _stripes.Length];

    /// <summary>Everything counted so far.</summary>
    public Stripe Sum()
    {
        var sum = default(Stripe);
        foreach (ref var stripe in _stripes.AsSpan())
        {
            sum.Hits += Volatile.Read(ref stripe.Hits);
            sum.HitBytes += Volatile.Read(ref stripe.HitBytes);
            sum.Stale += Volatile.Read(ref stripe.Stale);
            sum.Misses += Volatile.Read(ref stripe.Misses);
            sum.Passed += Volatile.Read(ref stripe.Passed);
            sum.Confirmed += Volatile.Read(ref stripe.Confirmed);
            sum.Collapsed += Volatile.Read(ref stripe.Collapsed);
            sum.Stored += Volatile.Read(ref stripe.Stored);
        }

        return sum;
    }

    /// <summary>One core's share.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    internal struct Stripe
    {
        public long Hits, HitBytes, Stale, Misses, Passed, Confirmed, Collapsed, Stored;
    }
}
