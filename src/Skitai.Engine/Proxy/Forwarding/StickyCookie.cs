using Microsoft.Extensions.Primitives;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>The cookie that names the member a client stays with: <c>skitaid-NAME</c>.</summary>
internal static class StickyCookie
{
    /// <summary>The token in a request; null = it has none.</summary>
    /// <param name="cookies">Its Cookie field.</param>
    /// <param name="cluster">The cluster's name with its <c>@</c>.</param>
    public static string? Find(StringValues cookies, string cluster)
    {
        foreach (var line in cookies)
        {
            foreach (var range in line.AsSpan().Split(';'))
            {
                var pair = line.AsSpan(range).Trim(' ');
                var equals = pair.IndexOf('=');
                if (equals > 0 && IsName(pair[..equals], cluster))
                {
                    return pair[(equals + 1)..].ToString();
                }
            }
        }

        return null;
    }

    /// <summary>The Set-Cookie value that keeps a client at a member.</summary>
    /// <param name="cluster">The cluster's name with its <c>@</c>.</param>
    /// <param name="token">The member's.</param>
    /// <param name="path">The mount's path.</param>
    /// <param name="isSecure">The client came over TLS.</param>
    public static string Set(string cluster, string token, string path, bool isSecure) =>
        $"skitaid-{cluster.AsSpan(1)}={token}; Path={path}; HttpOnly; SameSite=Lax{(isSecure ? "; Secure" : "")}";

    private static bool IsName(ReadOnlySpan<char> name, string cluster) =>
        name.StartsWith("skitaid-", StringComparison.Ordinal) && name[8..].SequenceEqual(cluster.AsSpan(1));
}
