using System.Runtime.InteropServices;

namespace Skitai.Engine.Hosting;

/// <summary>Counts requests and bytes, on a cache line of its own for each core: nobody waits for another core's count.</summary>
internal sealed class Counters
{
    private readonly Stripe[] _stripes = new Stripe[Math.Max(1, Environment.ProcessorCount)];

    /// <summary>A request begins.</summary>
    public void Began() => Interlocked.Increment(ref Mine().Began);

    /// <summary>A request is over.</summary>
    public void Ended(int status, long received, long sent)
    {
        ref var mine = ref Mine();
        Interlocked.Increment(ref mine.Ended);
        switch (status / 100)
        {
            case 2:
                Interlocked.Increment(ref mine.Class2);
                break;
            case 3:
                Interlocked.Increment(ref mine.Class3);
                break;
            case 4:
                Interlocked.Increment(ref mine.Class4);
                break;
            case 5:
                Interlocked.Increment(ref mine.Class5);
                break;
        }

        if (received != 0)
        {
            Interlocked.Add(ref mine.Received, received);
        }

        Interlocked.Add(ref mine.Sent, sent);
    }

    /// <summary>A request was refused while it was read.</summary>
    public void Refused(int status)
    {
        Began();
        Ended(status, 0, 0);
    }

    /// <summary>Everything counted so far.</summary>
    public Stripe Sum()
    {
        var sum = default(Stripe);
        foreach (ref var stripe in _stripes.AsSpan())
        {
            // Ended before Began: what is in hand never comes out negative.
            sum.Ended += Volatile.Read(ref stripe.Ended);
            sum.Class2 += Volatile.Read(ref stripe.Class2);
            sum.Class3 += Volatile.Read(ref stripe.Class3);
            sum.Class4 += Volatile.Read(ref stripe.Class4);
            sum.Class5 += Volatile.Read(ref stripe.Class5);
            sum.Received += Volatile.Read(ref stripe.Received);
            sum.Sent += Volatile.Read(ref stripe.Sent);
        }

        foreach (ref var stripe in _stripes.AsSpan())
        {
            sum.Began += Volatile.Read(ref stripe.Began);
        }

        return sum;
    }

    private ref Stripe Mine() => ref _stripes[Thread.GetCurrentProcessorId() % _stripes.Length];

    /// <summary>One core's share.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    internal struct Stripe
    {
        public long Began, Ended, Class2, Class3, Class4, Class5, Received, Sent;
    }
}
