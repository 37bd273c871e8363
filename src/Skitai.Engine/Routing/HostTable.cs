using System.Collections.Frozen;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Routing;

/// <summary>
/// Finds what belongs to a host name among patterns: an exact name wins over a suffix, a longer suffix over a shorter
/// one, and of two equal patterns the first.
/// </summary>
internal sealed class HostTable<T>
    where T : class
{
    private readonly FrozenDictionary<string, T> _exact, _under;
    private readonly FrozenDictionary<string, T>.AlternateLookup<ReadOnlySpan<char>> _underBySpan;
    private readonly T? _otherwise;

    /// <summary>Builds the look-ups.</summary>
    /// <param name="entries">Patterns and what belongs to them, in file order.</param>
    /// <param name="otherwise">What a name gets that no pattern matches; null = nothing.</param>
    public HostTable(IEnumerable<(HostPattern Pattern, T Value)> entries, T? otherwise)
    {
        var exact = new Dictionary<string, T>(StringComparer.Ordinal);
        var itself = new Dictionary<string, T>(StringComparer.Ordinal);
        var under = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var (pattern, value) in entries)
        {
            var name = pattern.Name.TrimEnd('.').ToLowerInvariant();
            if (pattern.Kind == HostPatternKind.Exact)
            {
                exact.TryAdd(name, value);
                continue;
            }

            under.TryAdd(name, value);
            if (pattern.Kind == HostPatternKind.DomainAndSubdomains)
            {
                itself.TryAdd(name, value);
            }
        }

        // A domain named by its own suffix pattern is as good as exact, unless an exact pattern names it too.
        foreach (var (name, value) in itself)
        {
            exact.TryAdd(name, value);
        }

        _exact = exact.ToFrozenDictionary(StringComparer.Ordinal);
        _under = under.ToFrozenDictionary(StringComparer.Ordinal);
        _underBySpan = _under.GetAlternateLookup<ReadOnlySpan<char>>();
        _otherwise = otherwise;
    }

    /// <summary>What a name gets.</summary>
    /// <param name="name">Lower case, without port and trailing dot; may be empty.</param>
    public T? Find(string name)
    {
        if (_exact.TryGetValue(name, out var found))
        {
            return found;
        }

        if (_under.Count > 0)
        {
            for (var rest = name.AsSpan(); rest.IndexOf('.') is >= 0 and var dot;)
            {
                rest = rest[(dot + 1)..];
                if (dot > 0 && _underBySpan.TryGetValue(rest, out found))
                {
                    return found;
                }
            }
        }

        return _otherwise;
    }
}
