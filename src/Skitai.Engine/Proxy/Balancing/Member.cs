using System.Net;
using Skitai.Configuration.Settings;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Proxy.Balancing;

/// <summary>One address of a cluster.</summary>
internal sealed class Member
{
    private int _inHand;

    internal Member(ClusterMember settings, IPEndPoint address, string token, MemberConnections connections)
    {
        (Settings, Address, Token, Connections) = (settings, address, token, connections);
        Label = IPAddress.TryParse(settings.Host, out _) ? settings.Authority : $"{settings.Authority}/{address.Address}";
    }

    /// <summary>What the conf says of it.</summary>
    public ClusterMember Settings { get; }

    /// <summary>Where it is.</summary>
    public IPEndPoint Address { get; }

    /// <summary>What it is called in logs: <c>127.0.0.1:5001</c>, <c>name:5001/10.0.0.7</c>.</summary>
    public string Label { get; }

    /// <summary>What a client's cookie calls it: the same after a restart, and it tells nothing.</summary>
    public string Token { get; }

    /// <summary>The connections to it.</summary>
    public MemberConnections Connections { get; private set; }

    /// <summary>Requests it has now.</summary>
    public int InHand => Volatile.Read(ref _inHand);

    internal void Give() => Interlocked.Increment(ref _inHand);

    internal void GiveBack() => Interlocked.Decrement(ref _inHand);
}
