using System.Net;
using Skitai.Configuration.Settings;
using Skitaid.Supervision;

namespace Skitaid.Explaining;

/// <summary>Which instances a URL leads to: by port, address and TLS, as a client's connection would.</summary>
/// <param name="Instances">Those that take it.</param>
/// <param name="Problem">Why there is none; null when there is one.</param>
internal sealed record ListenerChoice(IReadOnlyList<InstanceSettings> Instances, string? Problem)
{
    /// <summary>Chooses. A host name is not looked up: it may lead to any address of this machine.</summary>
    public static ListenerChoice Of(AskedUrl url, IReadOnlyList<InstanceSettings> instances)
    {
        if (instances.Count == 0)
        {
            return new([], "there is no instance: no conf in servers-enabled");
        }

        var onPort = instances.Where(instance => url.ConnectPort is not { } port || port == instance.Server.Port).ToArray();
        if (onPort.Length == 0)
        {
            return new([], $"nothing listens on port {url.ConnectPort}{(url.Port is null ? $", where {url.Scheme} goes when no port is said" : "")}; {ThereIs(instances)}");
        }

        var reached = onPort.Where(instance => url.Host is null || Takes(instance.Server.Ip, url.Host)).ToArray();
        if (reached.Length == 0)
        {
            return new([], $"nothing listens on {url.Host}{(url.ConnectPort is { } port ? $":{port}" : "")}; {ThereIs(onPort)}");
        }

        var speaking = reached.Where(instance => url.Scheme is null || url.Scheme == ListeningSocket.SchemeOf(instance)).ToArray();
        if (speaking.Length > 0)
        {
            return new(speaking, null);
        }

        var other = reached[0];
        return new([], $"{other.Name} speaks {ListeningSocket.SchemeOf(other)} on port {other.Server.Port}, not {url.Scheme}: "
            + (other.Ssl is null ? "a TLS handshake fails there" : "such a request gets 400")
            + $"; ask for {ListeningSocket.SchemeOf(other)}://{url.Host}:{other.Server.Port}{url.Target}");
    }

    /// <summary>Whether a connection to a host can end at an address that is listened on.</summary>
    private static bool Takes(IPAddress listening, string host)
    {
        if (host == "localhost")
        {
            return Takes(listening, IPAddress.Loopback) || Takes(listening, IPAddress.IPv6Loopback);
        }

        if (!IPAddress.TryParse(host.AsSpan().Trim("[]"), out var asked))
        {
            return true;
        }

        // Connecting to "any address" is connecting to this machine.
        return Takes(listening, asked.Equals(IPAddress.Any) ? IPAddress.Loopback : asked.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : asked);
    }

    private static bool Takes(IPAddress listening, IPAddress asked) =>
        listening.Equals(asked)
        || listening.Equals(IPAddress.IPv6Any)
        || (listening.Equals(IPAddress.Any) && asked.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork);

    private static string ThereIs(IEnumerable<InstanceSettings> instances) =>
        "there is " + string.Join(", ", instances.Select(instance => $"{instance.Name} on {ListeningSocket.UrlOf(instance)}"));
}
