using Microsoft.AspNetCore.Http.Features;
using Skitai.Engine.Hosting;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>Which protocols a client may change to with a member, by HTTP/1.1's Upgrade (RFC 9110 section 7.8).</summary>
internal static class UpgradeProtocols
{
    /// <summary>
    /// Those of a request that wants to be upgraded, as the member gets them; null = there are none. Another version of HTTP is
    /// not among them: requests would go through the tunnel to the member that no rule here has seen. Nor is TLS.
    /// </summary>
    public static string? Of(Exchange exchange)
    {
        var wanted = exchange.Request.Headers.Upgrade;
        return wanted.Count == 0 || exchange.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } ? null : Of(wanted.ToString());
    }

    /// <summary>The same for an Upgrade field's value.</summary>
    public static string? Of(string wanted)
    {
        string? protocols = null;
        foreach (var range in wanted.AsSpan().Split(','))
        {
            var protocol = wanted.AsSpan(range).Trim(" \t");
            var slash = protocol.IndexOf('/');
            var name = slash < 0 ? protocol : protocol[..slash];
            if (name.IsEmpty || Is(name, "h2c") || Is(name, "h2") || Is(name, "HTTP") || Is(name, "TLS"))
            {
                continue;
            }

            protocols = protocols is null ? protocol.ToString() : $"{protocols}, {protocol}";
        }

        return protocols;
    }

    private static bool Is(ReadOnlySpan<char> name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
}
