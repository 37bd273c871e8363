using Skitai.Configuration.Keys;

namespace Skitai.Configuration.Settings;

/// <summary>One member of a cluster, as the conf names it. A name with several addresses becomes several members when it is resolved.</summary>
/// <param name="Host">A name, an IPv4 address, or an IPv6 address without brackets.</param>
/// <param name="Port">1 to 65535.</param>
/// <param name="Weight">How much it can take beside the others, 1 to 1000.</param>
public sealed record ClusterMember(string Host, int Port, int Weight = 1)
{
    /// <summary><c>host:port</c>, <c>[v6]:port</c>.</summary>
    public string Authority => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <summary>Reads <c>host:port</c> as the conf does: another spelling of a host is the same one. Null when it is none.</summary>
    public static ClusterMember? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Kinds.ReadHostAndPort(text) is var (host, port) ? new ClusterMember(host, port) : null;
    }
}
