namespace Skitaid.Commands;

/// <summary>Finds what a misspelt word was meant to be.</summary>
internal static class NearestName
{
    /// <summary><c>; did you mean 'status'?</c>, or where all words are when none that is known is near.</summary>
    public static string Suggest(string typed, IEnumerable<string> known) =>
        Find(typed, known) is { } nearest ? $"; did you mean '{nearest}'?" : "; 'skitaid --help' lists what there is";

    /// <summary>The nearest known word; null when none is near, or there is none.</summary>
    public static string? Find(string typed, IEnumerable<string> known)
    {
        // A word begun and not ended (stat) is nearer than any other word, however few letters differ.
        var nearest = known
            .Select(word => (Word: word, Edits: typed.Length > 1 && word.StartsWith(typed, StringComparison.Ordinal) ? 0 : Edits(typed, word)))
            .DefaultIfEmpty((Word: "", Edits: int.MaxValue))
            .MinBy(pair => pair.Edits);
        return nearest.Edits <= Math.Max(1, typed.Length / 3) ? nearest.Word : null;
    }

    /// <summary>Insertions, deletions, replacements and swaps of neighbours that make one word the other.</summary>
    private static int Edits(string a, string b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    table[i, j] = i + j;
                    continue;
                }

                var change = table[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                var least = Math.Min(change, Math.Min(table[i - 1, j], table[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    least = Math.Min(least, table[i - 2, j - 2] + 1);
                }

                table[i, j] = least;
            }
        }

        return table[a.Length, b.Length];
    }
}
