using Skitai.Engine.Proxy.Upstream;
using Skitai.Engine.Static;

namespace Skitai.Engine.Caching.Rules;

/// <summary>Asking the origin whether a kept answer is still good (RFC 9111 section 4.3).</summary>
internal static class Confirmation
{
    private static readonly string[] s_conditions =
        ["If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "If-Range", "Range"];

    /// <summary>Takes the client's own conditions, and its Range, out of a request: they are evaluated here.</summary>
    public static void RemoveConditions(HeaderList request)
    {
        foreach (var name in s_conditions)
        {
            request.Remove(name);
        }
    }

    /// <summary>Makes a request one that asks whether something has changed (section 4.3.1).</summary>
    public static void AddConditions(HeaderList request, in Validators stored)
    {
        RemoveConditions(request);
        if (stored.EntityTag is { } tag)
        {
            request.Add("If-None-Match", tag);
        }

        if (stored.LastModifiedText is { } modified)
        {
            request.Add("If-Modified-Since", modified);
        }
    }

    /// <summary>Whether a 304 is about this kept answer (section 4.3.4): a validator that it has must be the kept one's.</summary>
    public static bool Confirms(in Validators fresh, in Validators stored)
    {
        if (fresh.EntityTag is { } tag)
        {
            return stored.EntityTag is { } kept && EntityTags.AreEqual(tag, kept, strong: !EntityTags.IsWeak(tag) && !EntityTags.IsWeak(kept));
        }

        return fresh.LastModified is not { } modified || stored.LastModified is not { } before || modified == before;
    }

    /// <summary>
    /// Whether an answer to HEAD with status 200 is about the kept answer's content (section 4.3.5). If not, that is no
    /// longer the current one.
    /// </summary>
    public static bool MatchesHead(HeaderList head, in Validators fresh, long storedLength, in Validators stored)
    {
        return (fresh.EntityTag is null || fresh.EntityTag == stored.EntityTag)
            && (fresh.LastModified is null || fresh.LastModified == stored.LastModified)
            && (head.Find("Content-Length") is not { } length || (DeltaSeconds.TryParse(length, out _) && long.TryParse(length, out var bytes) && bytes == storedLength));
    }
}
