using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching.Rules;

/// <summary>
/// Cache-Control for some caches only (RFC 9213): where such a field is there and can be read, Cache-Control and Expires do
/// not count. Read to the letter, as a dictionary of structured fields: one mistake, and the field is not there.
/// </summary>
internal static class TargetedCacheControl
{
    /// <summary>The fields that are obeyed, the first that is there.</summary>
    private static readonly string[] s_targets = ["Skitaid-Cache-Control", "CDN-Cache-Control"];

    /// <summary>Reads the field that is meant for this cache.</summary>
    /// <returns>False when there is none that can be read.</returns>
    public static bool TryParse(HeaderList fields, out CacheControl control)
    {
        foreach (var target in s_targets)
        {
            if (fields.FindAll(target) is { } value && TryParse(value, out control))
            {
                return true;
            }
        }

        control = default;
        return false;
    }

    /// <summary>Reads one field.</summary>
    /// <returns>False when it is empty, no dictionary, or has a value of the wrong type.</returns>
    public static bool TryParse(string value, out CacheControl control)
    {
        control = new CacheControl();
        var members = new StructuredDictionary();
        if (!members.TryParse(value) || members.Count == 0)
        {
            return false;
        }

        for (var i = 0; i < members.Count; i++)
        {
            var (name, text, type) = members[i];
            switch (type)
            {
                case StructuredType.String when name is "no-cache" or "private":
                    control.Take(name, text, hasValue: true);
                    break;
                case not StructuredType.False when name is "no-store" or "no-cache" or "private":
                    // Whatever it is meant to say: it does not say that the answer may be kept.
                    control.Take(name, "", hasValue: false);
                    break;
                case StructuredType.Integer:
                    control.Take(name, text, hasValue: true);
                    break;
                case StructuredType.True:
                    if (NeedsNumber(name))
                    {
                        return false;
                    }

                    control.Take(name, "", hasValue: false);
                    break;
                case StructuredType.False:
                    break;
                default:
                    if (NeedsNumber(name))
                    {
                        return false;
                    }

                    break;
            }
        }

        return true;
    }

    private static bool NeedsNumber(string name) => name is "max-age" or "s-maxage" or "stale-while-revalidate" or "stale-if-error";
}
