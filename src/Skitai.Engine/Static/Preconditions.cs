using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Skitai.Engine.Static;

/// <summary>Evaluates If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since and If-Range (RFC 9110 section 13).</summary>
internal static class Preconditions
{
    /// <summary>Decides in the order of RFC 9110 section 13.2.2.</summary>
    /// <param name="headers">The request's headers.</param>
    /// <param name="file">The representation that would be sent.</param>
    /// <param name="isGet">GET, not HEAD: only then ranges count.</param>
    /// <param name="time">The clock.</param>
    public static Precondition Evaluate(IHeaderDictionary headers, Representation file, bool isGet, TimeProvider time)
    {
        var ifMatch = headers.IfMatch;
        if (ifMatch.Count > 0)
        {
            if (!EntityTags.Lists(ifMatch, file.EntityTag, strong: true))
            {
                return Precondition.Failed;
            }
        }
        else if (headers.IfUnmodifiedSince is { Count: > 0 } since && TryReadDate(since, out var date) && file.LastModified > date)
        {
            return Precondition.Failed;
        }

        var ifNoneMatch = headers.IfNoneMatch;
        if (ifNoneMatch.Count > 0)
        {
            if (EntityTags.Lists(ifNoneMatch, file.EntityTag, strong: false))
            {
                return Precondition.NotModified;
            }
        }
        else if (headers.IfModifiedSince is { Count: 1 } since
            && (since[0] == file.LastModifiedText || (TryReadDate(since, out var date) && file.LastModified <= date)))
        {
            return Precondition.NotModified;
        }

        if (!isGet || headers.Range.Count == 0)
        {
            return Precondition.Whole;
        }

        var ifRange = headers.IfRange;
        return ifRange.Count == 0 || IsSame(ifRange, file, time) ? Precondition.MayBePartial : Precondition.Whole;
    }

    /// <summary>RFC 9110 section 13.1.5: exactly this representation, by a strong validator.</summary>
    private static bool IsSame(in StringValues ifRange, Representation file, TimeProvider time)
    {
        if (ifRange.Count != 1 || ifRange[0] is not { } value)
        {
            return false;
        }

        value = value.Trim();
        if (value.StartsWith('"') || EntityTags.IsWeak(value))
        {
            return EntityTags.AreEqual(value, file.EntityTag, strong: true);
        }

        // A date of this very second is a weak validator: the file may change once more within it (section 8.8.2.2).
        return TryReadDate(ifRange, out var date)
            && date == file.LastModified
            && time.GetUtcNow() - file.LastModified >= TimeSpan.FromSeconds(1);
    }

    private static bool TryReadDate(in StringValues header, out DateTimeOffset date)
    {
        date = default;
        return header.Count == 1 && HeaderUtilities.TryParseDate(header[0], out date);
    }
}
