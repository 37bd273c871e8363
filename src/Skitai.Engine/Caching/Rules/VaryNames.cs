using Skitai.Engine.Proxy.Upstream;

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
    /// <returns>False when there is a <c>*</c>, something that is no name, too many, or a field that is different for each client.</returns>
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

            var name = item.ToString().ToLowerInvariant();
            if (item.ContainsAnyExcept(FieldNames.Letters) || item is "*" || found.Count == Most || IsOfOneClient(name))
            {
                return false;
            }

            if (!found.Contains(name))
            {
                found.Add(name);
            }
        }

        found.Sort(string.CompareOrdinal);
        names = found.Count == 0 ? s_none : [.. found];
        return true;
    }

    /// <summary>Whether an answer's fields name just these: those that it was selected by when it came.</summary>
    public static bool AreIn(HeaderList fields, string[] names) =>
        TryParse(fields.FindAll("Vary"), out var named) && named.AsSpan().SequenceEqual(names);

    /// <summary>
    /// Whether a field is the same for all requests that have the same key, as members get them: the URL says it all, or the
    /// cache takes it out.
    /// </summary>
    public static bool IsInKey(string name) => name is "host" or "x-forwarded-proto" or "x-forwarded-host"
        or "range" or "if-range" or "if-match" or "if-none-match" or "if-modified-since" or "if-unmodified-since";

    /// <summary>Whether members get another value of a field from each client, or for each request, whatever the client sent.</summary>
    private static bool IsOfOneClient(string name) =>
        name is "x-forwarded-for" or "x-real-ip" or "forwarded" or "via" or "x-gtxn-id" or "x-ltxn-id" or "traceparent";
}
