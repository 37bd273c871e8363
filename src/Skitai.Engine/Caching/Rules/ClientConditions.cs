using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Skitai.Engine.Static;

namespace Skitai.Engine.Caching.Rules;

/// <summary>A client's conditions on a kept answer (RFC 9111 section 4.3.2, RFC 9110 section 13.2.2).</summary>
internal static class ClientConditions
{
    /// <summary>
    /// Whether a request has conditions that only the origin can decide on: they guard against changing, or mixing, what
    /// somebody else has changed meanwhile.
    /// </summary>
    public static bool AreForOrigin(IHeaderDictionary request) => request.IfMatch.Count > 0 || request.IfUnmodifiedSince.Count > 0;

    /// <summary>Whether the client has the kept answer already: 304.</summary>
    /// <param name="request">The fields of a GET or HEAD.</param>
    /// <param name="status">The kept status; a condition counts only where the answer without it would be 200.</param>
    /// <param name="stored">The kept validators.</param>
    /// <param name="answeredAt">When the kept answer came.</param>
    public static bool IsNotModified(IHeaderDictionary request, int status, in Validators stored, DateTimeOffset answeredAt)
    {
        if (status != 200)
        {
            return false;
        }

        var tags = request.IfNoneMatch;
        if (tags.Count > 0)
        {
            return stored.EntityTag is { } tag ? EntityTags.Lists(tags, tag, strong: false) : IsAny(tags);
        }

        // Without Last-Modified the answer cannot be newer than its Date, or than its arrival.
        return request.IfModifiedSince is { Count: 1 } since
            && (since[0] == stored.LastModifiedText
                || (HttpDate.TryParse(since[0], answeredAt, out var date) && (stored.LastModified ?? stored.Date ?? answeredAt) <= date));
    }

    /// <summary>Whether the Range of a GET counts: there is no If-Range, or it names exactly the kept content (RFC 9110 section 13.1.5).</summary>
    public static bool RangeCounts(IHeaderDictionary request, in Validators stored, DateTimeOffset answeredAt)
    {
        var ifRange = request.IfRange;
        if (ifRange.Count == 0)
        {
            return true;
        }

        if (ifRange.Count != 1 || ifRange[0] is not { } value)
        {
            return false;
        }

        value = value.Trim();
        if (value.StartsWith('"') || EntityTags.IsWeak(value))
        {
            return stored.EntityTag is { } tag && EntityTags.AreEqual(value, tag, strong: true);
        }

        // A date is a strong validator only if the content did not change within the second in which it was sent (section 8.8.2.2).
        return stored.LastModified is { } modified
            && HttpDate.TryParse(value, answeredAt, out var date) && date == modified
            && (stored.Date ?? answeredAt) - modified >= TimeSpan.FromSeconds(1);
    }

    private static bool IsAny(in StringValues tags) => tags.Count == 1 && tags[0].AsSpan().Trim(" \t") is "*";
}
