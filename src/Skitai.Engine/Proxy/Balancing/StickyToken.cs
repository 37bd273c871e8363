using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Proxy.Balancing;

/// <summary>What a sticky cookie calls a member.</summary>
internal static class StickyToken
{
    // 48 bits: two of a thousand members are alike once in half a billion clusters, and then they only share their clients.
    private const int Bytes = 6;

    /// <summary>
    /// A short text of letters, digits, <c>-</c> and <c>_</c>: the same wherever a cluster of that name has that member, so it
    /// outlives restarts. A hash without a key: it tells nobody an address, but somebody who guesses one can check it.
    /// </summary>
    public static string Of(string cluster, ClusterMember member, IPAddress address)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{cluster}\n{member.Authority}\n{address}"));
        return Base64Url.EncodeToString(hash.AsSpan(0, Bytes));
    }
}
