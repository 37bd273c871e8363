using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching.Rules;

/// <summary>Which fields of an answer are kept, and what a later answer changes in them (RFC 9111 sections 3.1 and 3.2).</summary>
internal static class StoredFields
{
    /// <summary>The fields to keep of an answer to be kept.</summary>
    /// <param name="fields">Its end-to-end fields.</param>
    /// <param name="withheld">The fields that private and no-cache name; null = none.</param>
    public static Header[] Keep(HeaderList fields, List<string>? withheld)
    {
        var kept = new List<Header>(fields.Count);
        foreach (ref readonly var field in fields.Lines)
        {
            if (!IsNeverKept(field.Name) && !Lists(withheld, field.Name))
            {
                kept.Add(field);
            }
        }

        return [.. kept];
    }

    /// <summary>
    /// The fields that are not kept and yet are for the one who asked: those that private and no-cache name, and what caches
    /// nearer to the origin say of the answer (RFC 9211 section 2), in one line.
    /// </summary>
    /// <param name="fields">The answer's end-to-end fields.</param>
    /// <param name="withheld">The fields that private and no-cache name; null = none.</param>
    /// <returns>Null = there are none.</returns>
    public static Header[]? Own(HeaderList fields, List<string>? withheld)
    {
        List<Header>? own = null;
        if (fields.FindAll(CacheStatusField.Name) is { } caches)
        {
            (own ??= []).Add(new Header(CacheStatusField.Name, caches));
        }

        if (withheld is not null)
        {
            foreach (ref readonly var field in fields.Lines)
            {
                if (Lists(withheld, field.Name) && !IsNeverKept(field.Name) && !IsMadeHere(field.Name))
                {
                    (own ??= []).Add(field);
                }
            }
        }

        return own?.ToArray();
    }

    /// <summary>
    /// The fields of a kept answer after the origin has confirmed it: those that the confirmation has take the place of all
    /// lines of their name, but for those that belong to the kept content.
    /// </summary>
    /// <param name="stored">The kept fields.</param>
    /// <param name="fresh">The fields of the 304, or of an answer to HEAD.</param>
    /// <param name="keepsCookies">Whether the conf and the answer allow to keep Set-Cookie.</param>
    public static HeaderList Update(ReadOnlySpan<Header> stored, HeaderList fresh, bool keepsCookies)
    {
        var updated = new HeaderList();
        foreach (ref readonly var field in stored)
        {
            if (!(Updates(field.Name, keepsCookies) && fresh.Find(field.Name) is not null) && !field.Name.Equals("Age", StringComparison.OrdinalIgnoreCase))
            {
                updated.Add(field.Name, field.Value);
            }
        }

        foreach (ref readonly var field in fresh.Lines)
        {
            if (Updates(field.Name, keepsCookies))
            {
                updated.Add(field.Name, field.Value);
            }
        }

        return updated;
    }

    /// <summary>
    /// What describes the kept bytes stays as they are; a 304 has no content that it could describe. Set-Cookie is for the one
    /// who asked.
    /// </summary>
    private static bool Updates(string name, bool keepsCookies) => !IsNeverKept(name) && name.Length switch
    {
        10 => keepsCookies || !Is(name, "Set-Cookie"),
        12 => !Is(name, "Content-Type"),
        13 => !Is(name, "Content-Range"),
        14 => !Is(name, "Content-Length"),
        16 => !Is(name, "Content-Encoding"),
        _ => true,
    };

    /// <summary>Fields of the one answer, of the connection, or of the exchange with one client.</summary>
    private static bool IsNeverKept(string name) => name.Length switch
    {
        2 => Is(name, "TE"),
        7 => Is(name, "Upgrade") || Is(name, "Trailer"),
        9 => Is(name, "X-Gtxn-Id") || Is(name, "X-Ltxn-Id"),
        10 => Is(name, "Connection") || Is(name, "Keep-Alive"),
        12 => Is(name, "Cache-Status"),
        16 => Is(name, "Proxy-Connection"),
        17 => Is(name, "Transfer-Encoding"),
        18 => Is(name, "Proxy-Authenticate"),
        19 => Is(name, "Proxy-Authorization"),
        25 => Is(name, "Proxy-Authentication-Info"),
        _ => false,
    };

    /// <summary>Fields that every answer from here has, or has not, by itself.</summary>
    private static bool IsMadeHere(string name) => Is(name, "Age") || Is(name, "Content-Length") || Is(name, "Server");

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);

    private static bool Lists(List<string>? names, string name)
    {
        if (names is not null)
        {
            foreach (var one in names)
            {
                if (one.Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
