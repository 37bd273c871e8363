namespace Skitai.Engine.Caching.Rules;

/// <summary>Why an answer is not kept.</summary>
internal enum StoreRefusal
{
    /// <summary>It is kept.</summary>
    None,

    /// <summary>The request's method is not GET.</summary>
    Method,

    /// <summary>Its status is not final, or it is 206 or 304.</summary>
    Status,

    /// <summary>no-store, in the answer.</summary>
    NoStore,

    /// <summary>It is for one user.</summary>
    Private,

    /// <summary>The request has Authorization, and the answer does not say that others may have it.</summary>
    Authorization,

    /// <summary>It sets cookies, and not both the conf and the answer allow to keep it.</summary>
    SetCookie,

    /// <summary>Vary: *, or one that cannot be read.</summary>
    Vary,

    /// <summary>It could never be used: it says nothing of a lifetime, or has none and nothing to be confirmed by.</summary>
    NotReusable,

    /// <summary>no-store, in the request.</summary>
    RequestNoStore,

    /// <summary>The request has a field that is not in the key and that apps are known to reflect.</summary>
    UnkeyedField,
}
