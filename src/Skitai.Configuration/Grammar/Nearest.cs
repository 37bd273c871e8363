namespace Skitai.Configuration.Grammar;

/// <summary>Finds the name that was probably meant.</summary>
internal static class Nearest
{
    /// <summary>
    /// The candidate with the fewest edits (insert, delete, replace, swap of neighbours) from <paramref name="name"/>;
    /// null when none is near: more than a third of the letters would have to change.
    /// </summary>
    public static string? Of(string name, IEnumerable<string> candidates)
    {
        // Longer names than any of ours need no answer, and would cost quadratic time.
        if (name.Length > 80)
        {
            return null;
        }

        string? best = null;
        var fewest = int.MaxValue;
        foreach (var candidate in candidates.Where(candidate => candidate.Length <= 80))
        {
            var edits = Distance(name.ToLowerInvariant(), candidate.ToLowerInvariant());
            if (edits < fewest && edits <= Math.Max(1, (Math.Max(name.Length, candidate.Length) + 1) / 3))
            {
                best = candidate;
                fewest = edits;
            }
        }

        return best;
    }

    /// <summary><c>; did you mean 'port'?</c>, or nothing.</summary>
    public static string Hint(string name, IEnumerable<string> candidates) =>
        Of(name, candidates) is { } nearest ? $"; did you mean '{nearest}'?" : "";

    private static int Distance(string a, string b)
    {
        var before = new int[b.Length + 1];
        var previous = new int[b.Length + 1];
        var current = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            previous[j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    current[j] = Math.Min(current[j], before[j - 2] + 1);
                }
            }

            (before, previous, current) = (previous, current, before);
        }

        return previous[b.Length];
    }
}
