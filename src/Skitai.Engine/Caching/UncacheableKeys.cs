using System.Collections.Concurrent;

namespace Skitai.Engine.Caching;

/// <summary>
/// Remembers for a minute or two whose answers were not kept: requests for those do not wait for each other. Bounded; when it
/// is full the older half is forgotten.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class UncacheableKeys(TimeProvider time)
{
    private const int MostInHalf = 8 * 1024;

    private static readonly TimeSpan s_turn = TimeSpan.FromMinutes(1);

    private readonly Lock _turning = new();
    private Half _young = new(), _old = new();
    private long _turned = time.GetTimestamp();

    /// <summary>How many are known.</summary>
    public int Count => Volatile.Read(ref _young).Count + Volatile.Read(ref _old).Count;

    private bool IsTime => time.GetElapsedTime(Volatile.Read(ref _turned)) >= s_turn;

    /// <summary>Whether the last answer was not kept. Every miss asks: it takes no lock.</summary>
    public bool Has(string key)
    {
        if (Count == 0)
        {
            return false;
        }

        if (IsTime)
        {
            Turn();
        }

        return Volatile.Read(ref _young).Has(key) || Volatile.Read(ref _old).Has(key);
    }

    /// <summary>An answer was not kept.</summary>
    public void Add(string key)
    {
        if (IsTime || _young.Count >= MostInHalf)
        {
            Turn();
        }

        Volatile.Read(ref _young).Add(key);
    }

    /// <summary>An answer came that could have been kept.</summary>
    public void Remove(string key)
    {
        if (Count == 0)
        {
            return;
        }

        Volatile.Read(ref _young).Remove(key);
        Volatile.Read(ref _old).Remove(key);
    }

    private void Turn()
    {
        lock (_turning)
        {
            var now = time.GetTimestamp();
            if (time.GetElapsedTime(_turned, now) >= s_turn || _young.Count >= MostInHalf)
            {
                Volatile.Write(ref _old, time.GetElapsedTime(_turned, now) >= 2 * s_turn ? new Half() : _young);
                Volatile.Write(ref _young, new Half());
                Volatile.Write(ref _turned, now);
            }
        }
    }

    /// <summary>Keys, counted apart: the dictionary would take all its locks to count them.</summary>
    private sealed class Half
    {
        private readonly ConcurrentDictionary<string, bool> _keys = new(StringComparer.Ordinal);
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public bool Has(string key) => _keys.ContainsKey(key);

        public void Add(string key)
        {
            if (_keys.TryAdd(key, true))
            {
                Interlocked.Increment(ref _count);
            }
        }

        public void Remove(string key)
        {
            if (_keys.TryRemove(key, out _))
            {
                Interlocked.Decrement(ref _count);
            }
        }
    }
}
