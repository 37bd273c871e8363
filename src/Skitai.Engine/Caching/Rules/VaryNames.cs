namespace Skitai.Engine.Caching.Rules;

/// <summary>Reads Vary (RFC 9110 section 12.5.5).</summary>
internal static class VaryNames
{
    /// <summary>An answer that depends on more fields than these is for nobody else.</summary>
    public const int Most = 16;

    private static readonly string[] s_none = [];

    /// <summary>The names of the fields.</summary>
    /// <param name="value">All lines of Vary, joined by commas; null = none.</param>
    /// <param name="names">Lower case, in order of the alphabet, each once.</param>
    /// <returns>False when there is a <c>*</c>, something that is no name, or too many.</returns>
    public static bool TryParse(string? value, out string[] names)
    {
        names = s_none;
        if (value is null)
        {
            return true;
        }

        var found = new List<string>();
        foreach (var range in value.AsSpan().Split(','))
        {
            var item = value.AsSpan()[range].Trim(" \t");
            if (item.IsEmpty)
            {
                continue;
            }

            if (item.ContainsAnyExcept(FieldNames.Letters) || item is "*" || found.Count == Most)
            {
                return false;
            }

            var name = item.ToString().ToLowerInvariant();
            if (!found.Contains(name))
            {
                found.Add(name);
            }
        }

        found.Sort(string.CompareOrdinal);
        names = found.Count == 0 ? s_none : [.. found];
        return true;
    }
}
