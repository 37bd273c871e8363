using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;

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
        "X-Request-URI",
        "X-Wsgi-Path",
        "X-HTTP-DestinationURL",
        "X-Envoy-Original-Path",
        "X-Backend-Host",
        "X-Sendfile-Type",
        "X-Accel-Mapping",
        "X-Rewrite-URL",
        "X-Override-URL",
        "X-Forwarded-Prefix",
        "X-Forwarded-Path",
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
        "X-Middleware-Subrequest",
        "X-Invoke-Path",
        "X-Invoke-Query",
        "X-Invoke-Output",
        "X-Invoke-Status",
        "X-Matched-Path",
        "X-Nextjs-Data",
        "X-Now-Route-Matches",
        "X-WAP-Profile",
        "Base-Url",
        "Destination",
        "Proxy-Host",
        "Request-Uri");

    /// <summary>What proxies say of the connection to their client.</summary>
    private static readonly FrozenSet<string> s_forwarders = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "X-Forwarded-Port",
        "X-Forwarded-Server",
        "X-Forwarded-Scheme",
        "X-Forwarded-Ssl",
        "X-Forwarded-Protocol",
        "X-Url-Scheme",
        "X-Scheme",
        "X-Client-IP",
        "Client-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "Fastly-Client-IP",
        "X-Azure-ClientIP",
        "X-Cluster-Client-IP",
        "X-Envoy-External-Address",
        "X-Originating-IP",
        "X-Original-Forwarded-For",
        "X-ProxyUser-IP",
        "X-Remote-Addr",
        "X-Remote-IP",
        "X-Forward-For",
        "X-Forwarded",
        "Forwarded-For",
        "Front-End-Https");

    /// <summary>
    /// Whether members are told a prefix that is not the mount's alone: links in their answer may have it, so that what was
    /// answered without it is none for this request.
    /// </summary>
    /// <param name="fields">The fields.</param>
    /// <param name="isTrusted">Whether a trusted proxy sent it; what others say of a prefix reaches no member.</param>
    public static bool HavePrefixForMembers(IHeaderDictionary fields, bool isTrusted) => isTrusted && fields.ContainsKey("X-Forwarded-Prefix");

    /// <summary>Whether one is among a request's fields.</summary>
    /// <param name="fields">The fields.</param>
    /// <param name="isTrusted">Whether a trusted proxy sent it: what such a one says of its own side is no trick.</param>
    public static bool AnyOf(IHeaderDictionary fields, bool isTrusted)
    {
        foreach (var (sent, _) in fields)
        {
            // A CGI-like member takes both for the same.
            var name = sent.Contains('_') ? sent.Replace('_', '-') : sent;
            if (s_names.Contains(name) || (!isTrusted && s_forwarders.Contains(name)))
            {
                return true;
            }
        }

        return false;
    }
}
