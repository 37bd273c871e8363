using System.Net;
using Microsoft.AspNetCore.Http;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Hosting;

/// <summary>The peers whose <c>X-Forwarded-For</c>, <c>-Proto</c> and <c>-Host</c> are believed.</summary>
internal sealed class TrustedProxies(IEnumerable<System.Net.IPNetwork> networks)
{
    private readonly System.Net.IPNetwork[] _networks = [.. networks];

    /// <summary>Whether an address is one of theirs. An IPv4 address mapped into IPv6 counts as the IPv4 one.</summary>
    public bool Contains(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        foreach (var network in _networks)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Replaces what the connection says about the client by what the proxy says, as far as it is sane.</summary>
    /// <returns>The host its client asked for; null = it says none.</returns>
    public string? Apply(Exchange exchange, IHeaderDictionary headers)
    {
        if (ClientOf(headers["X-Forwarded-For"].ToString()) is { } client)
        {
            exchange.TakeForwardedClient(client);
        }

        var scheme = Last(headers["X-Forwarded-Proto"].ToString());
        if (scheme.Equals("https", StringComparison.OrdinalIgnoreCase))
        {
            exchange.Scheme = "https";
        }
        else if (scheme.Equals("http", StringComparison.OrdinalIgnoreCase))
        {
            exchange.Scheme = "http";
        }

        var host = Last(headers["X-Forwarded-Host"].ToString());
        return !host.IsEmpty && HostName.TryParse(host, out _) ? host.ToString() : null;
    }

    /// <summary>
    /// The address nearest to us in the list that is not a trusted proxy's: what stands left of it is hearsay. Null when
    /// there is none, or something that is no address comes first.
    /// </summary>
    internal IPAddress? ClientOf(ReadOnlySpan<char> list)
    {
        IPAddress? client = null;
        while (!list.IsEmpty)
        {
            if (!TryAddress(Last(list), out var address))
            {
                return client;
            }

            client = address;
            if (!Contains(address))
            {
                return client;
            }

            var comma = list.LastIndexOf(',');
            list = comma < 0 ? [] : list[..comma];
        }

        return client;
    }

    private static ReadOnlySpan<char> Last(ReadOnlySpan<char> list) => list[(list.LastIndexOf(',') + 1)..].Trim(" \t");

    private static bool TryAddress(ReadOnlySpan<char> text, out IPAddress address)
    {
        address = IPAddress.None;
        if (text.Length == 0)
        {
            return false;
        }

        // With a port it is [v6]:port or v4:port.
        if (text[0] == '[')
        {
            var end = text.IndexOf(']');
            text = end < 0 ? [] : text[1..end];
        }
        else if (text.Count(':') == 1)
        {
            text = text[..text.IndexOf(':')];
        }

        if (text.ContainsAny('/', '%') || !IPAddress.TryParse(text, out var parsed))
        {
            return false;
        }

        address = parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed;
        return true;
    }
}
