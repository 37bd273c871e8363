using System.Collections.Frozen;

namespace Skitai.Engine.Caching.Rules;

/// <summary>
/// Request fields that frameworks take another URL, host or method from, or that apps are known to put into what they answer.
/// They are in no key and seldom in Vary: whoever sends one could have others get what only he asked for. An answer to such a
/// request is neither kept nor shared.
/// </summary>
internal static class UnkeyedFields
{
    private static readonly FrozenSet<string> s_names = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "X-Original-URL",
        "X-Original-URI",
        "X-Original-Host",
        "X-Rewrite-URL",
        "X-Override-URL",
        "X-Forwarded-Prefix",
        "X-Forwarded-Path",
        "X-Forwarded-Server",
        "X-Forwarded-Scheme",
        "X-Forwarded-Ssl",
        "X-Forwarded-Protocol",
        "X-Url-Scheme",
        "X-Scheme",
        "Front-End-Https",
        "X-Host",
        "X-HTTP-Host-Override",
        "X-Script-Name",
        "Script-Name",
        "X-Application-Prefix",
        "X-HTTP-Method",
        "X-HTTP-Method-Override",
        "X-Method-Override",
        "X-Original-Method",
        "X-Middleware-Prefetch",
        "X-Invoke-Path",
        "X-Invoke-Status",
        "X-Wap-Profile",
        "X-Oversized",
        "Base-Url",
        "Destination",
        "Proxy-Host",
        "Request-Uri");

    /// <summary>Whether it is one.</summary>
    public static bool Has(string name) => s_names.Contains(name);

    /// <summary>Whether one is among them; null lines are none.</summary>
    public static bool AnyOf(IEnumerable<KeyValuePair<string, Microsoft.Extensions.Primitives.StringValues>> fields)
    {
        foreach (var (name, _) in fields)
        {
            if (name.Length > 3 && s_names.Contains(name))
            {
                return true;
            }
        }

        return false;
    }
}
