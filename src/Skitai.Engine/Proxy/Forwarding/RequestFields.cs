using System.Globalization;
using Microsoft.Extensions.Primitives;
using Skitai.Configuration.Settings;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>Makes the request that a member gets of the one that the client sent.</summary>
internal static class RequestFields
{
    /// <summary>Beyond so many hops a request is going round in circles.</summary>
    public const int MostHops = 50;

    /// <summary>Fills in everything but the body.</summary>
    /// <param name="request">Empty.</param>
    /// <param name="exchange">The client's request.</param>
    /// <param name="prefix">The mount's prefix.</param>
    /// <param name="cluster">The cluster.</param>
    public static void Fill(MemberRequest request, Exchange exchange, string prefix, ClusterSettings cluster)
    {
        var from = exchange.Request.Headers;
        request.Method = exchange.Method;
        request.Target = ForwardedTarget.Of(exchange.Request.RawTarget, exchange.Path, exchange.Query, prefix);
        request.Authority = cluster.SendsMemberHost ? "" : exchange.HostHeader;
        request.TakesTrailers = from.TE.Count > 0 && TransitFields.IsNamedBy(from.TE, "trailers");
        request.ExpectsContinue = from.Expect.Count == 1 && "100-continue".Equals(from.Expect[0], StringComparison.OrdinalIgnoreCase);

        // Beside keep-alive or close Kestrel forgets what else Connection names: such fields go on, as unknown ones do.
        var connection = from.Connection;
        var namesFields = TransitFields.NamesFields(connection);
        var trusted = exchange.Connection.IsTrusted;
        var headers = request.Headers;
        foreach (var (name, values) in from)
        {
            if (TransitFields.EndsHere(name) || TransitFields.IsOurs(name) || (namesFields && TransitFields.IsNamedBy(connection, name)))
            {
                continue;
            }

            for (var index = 0; index < values.Count; index++)
            {
                headers.Add(name, values[index] ?? "");
            }
        }

        if (trusted)
        {
            // What else a trusted proxy says of its client (X-Forwarded-Port, X-Real-IP) goes on; those below are added to.
            foreach (var (name, values) in from)
            {
                if (TransitFields.IsOurs(name) && !name.Contains('_') && !IsWritten(name, cluster.SendsForwarded))
                {
                    headers.Add(name, values.ToString());
                }
            }
        }

        AddForwarded(headers, exchange, prefix, cluster, trusted);
        headers.Add("X-Gtxn-Id", exchange.GlobalTransactionId);
        headers.Add("X-Ltxn-Id", LocalId(exchange.LocalTransactionId));
        AddVia(headers, exchange.Request.Protocol);
    }

    /// <summary>Puts another spelling of the client's host into the fields that tell it.</summary>
    public static void Rename(HeaderList headers, string before, string after)
    {
        headers.Set("X-Forwarded-Host", after);
        if (headers.FindAll("Forwarded") is { } forwarded)
        {
            headers.Set("Forwarded", forwarded.Replace($"host=\"{before}\"", $"host=\"{after}\"", StringComparison.Ordinal));
        }
    }

    private static void AddForwarded(HeaderList headers, Exchange exchange, string prefix, ClusterSettings cluster, bool trusted)
    {
        var from = exchange.Request.Headers;
        var peer = exchange.Connection.RemoteAddress;
        var before = trusted ? from["X-Forwarded-For"] : StringValues.Empty;
        headers.Add("X-Forwarded-For", before.Count == 0 ? peer : $"{before}, {peer}");
        headers.Add("X-Forwarded-Proto", exchange.Scheme);
        headers.Add("X-Forwarded-Host", exchange.HostHeader);
        var outer = trusted ? from["X-Forwarded-Prefix"].ToString().TrimEnd('/') : "";
        if (prefix.Length > 0 || outer.Length > 0)
        {
            headers.Add("X-Forwarded-Prefix", outer + prefix);
        }

        if (cluster.SendsForwarded)
        {
            var node = peer.Contains(':') ? $"\"[{peer}]\"" : peer;
            var forwarded = $"for={node};host=\"{exchange.HostHeader}\";proto={exchange.Scheme}";
            var sofar = trusted ? from["Forwarded"] : StringValues.Empty;
            headers.Add("Forwarded", sofar.Count == 0 ? forwarded : $"{sofar}, {forwarded}");
        }
    }

    private static bool IsWritten(string name, bool forwarded) =>
        name.Equals("X-Forwarded-For", StringComparison.OrdinalIgnoreCase)
        || name.Equals("X-Forwarded-Proto", StringComparison.OrdinalIgnoreCase)
        || name.Equals("X-Forwarded-Host", StringComparison.OrdinalIgnoreCase)
        || name.Equals("X-Forwarded-Prefix", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith("txn-Id", StringComparison.OrdinalIgnoreCase)
        || (forwarded && name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase));

    private static string LocalId(int id) => id == 1000 ? "1000" : id.ToString(CultureInfo.InvariantCulture);

    /// <summary>RFC 9110 section 7.6.3: one line more, behind those that came.</summary>
    private static void AddVia(HeaderList headers, string protocol)
    {
        var via = protocol switch
        {
            "HTTP/1.1" => "1.1 skitaid",
            "HTTP/2" => "2 skitaid",
            _ => "1.0 skitaid",
        };
        if (headers.FindAll("Via") is { } before)
        {
            headers.Set("Via", $"{before}, {via}");
        }
        else
        {
            headers.Add("Via", via);
        }
    }
}
