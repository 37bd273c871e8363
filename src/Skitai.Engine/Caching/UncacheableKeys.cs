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
    private ConcurrentDictionary<string, bool> _young = new(StringComparer.Ordinal), _old = new(StringComparer.Ordinal);
    private long _turned = time.GetTimestamp();

    /// <summary>How many are known.</summary>
    public int Count => _young.Count + _old.Count;

    /// <summary>Whether the last answer was not kept.</summary>
    public bool Has(string key)
    {
        if (_young.IsEmpty && _old.IsEmpty)
        {
            return false;
        }

        Turn();
        return _young.ContainsKey(key) || _old.ContainsKey(key);
    }

    /// <summary>An answer was not kept.</summary>
    public void Add(string key)
    {
        Turn();
        _young[key] = true;
    }

    /// <summary>An answer came that could have been kept.</summary>
    public void Remove(string key)
    {
        _young.TryRemove(key, out _);
        _old.TryRemove(key, out _);
    }

    private void Turn()
    {
        if (time.GetElapsedTime(Volatile.Read(ref _turned)) < s_turn && _young.Count < MostInHalf)
        {
            return;
        }

        lock (_turning)
        {
            var now = time.GetTimestamp();
            if (time.GetElapsedTime(_turned, now) >= s_turn || _young.Count >= MostInHalf)
            {
                _old = time.GetElapsedTime(_turned, now) >= 2 * s_turn ? new(StringComparer.Ordinal) : _young;
                _young = new(StringComparer.Ordinal);
                Volatile.Write(ref _turned, now);
            }
        }
    }
}
