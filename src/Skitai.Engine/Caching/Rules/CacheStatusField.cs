using System.Globalization;
using System.Text;

namespace Skitai.Engine.Caching.Rules;

/// <summary>Writes this cache's member of Cache-Status (RFC 9211).</summary>
internal static class CacheStatusField
{
    /// <summary>The field's name.</summary>
    public const string Name = "Cache-Status";

    private const string Cache = "skitaid";

    private static readonly string[] s_reasons = ["bypass", "method", "uri-miss", "vary-miss", "request", "stale", "partial"];

    /// <summary>An answer from the cache alone.</summary>
    /// <param name="ttl">Seconds that it still is fresh; negative when it is stale.</param>
    /// <param name="detail">A token, perhaps; null = none.</param>
    public static string Hit(long ttl, string? detail = null) =>
        detail is null
            ? string.Create(CultureInfo.InvariantCulture, $"{Cache}; hit; ttl={ttl}")
            : string.Create(CultureInfo.InvariantCulture, $"{Cache}; hit; ttl={ttl}; detail={detail}");

    /// <summary>An answer that the origin was asked for.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="status">The origin's status, where it is not that of the answer; 0 = it is, or there was none.</param>
    /// <param name="ttl">Seconds that the answer is fresh; null = it is not kept.</param>
    /// <param name="isStored">Whether it is kept.</param>
    /// <param name="isCollapsed">Whether others' request was waited for in place of an own one.</param>
    /// <param name="detail">A token, perhaps; null = none.</param>
    public static string Forwarded(ForwardReason reason, int status = 0, long? ttl = null, bool isStored = false, bool isCollapsed = false, string? detail = null)
    {
        var text = new StringBuilder(Cache, 96).Append("; fwd=").Append(s_reasons[(int)reason]);
        if (status != 0)
        {
            text.Append("; fwd-status=").Append(status.ToString(CultureInfo.InvariantCulture));
        }

        if (ttl is { } seconds)
        {
            text.Append("; ttl=").Append(seconds.ToString(CultureInfo.InvariantCulture));
        }

        if (isStored)
        {
            text.Append("; stored");
        }

        if (isCollapsed)
        {
            text.Append("; collapsed");
        }

        if (detail is not null)
        {
            text.Append("; detail=").Append(detail);
        }

        return text.ToString();
    }

    /// <summary>This cache's member behind those of the caches that are nearer to the origin (section 2).</summary>
    public static string Append(string? before, string member) => before is { Length: > 0 } ? $"{before}, {member}" : member;
}
