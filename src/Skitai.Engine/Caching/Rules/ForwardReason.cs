namespace Skitai.Engine.Caching.Rules;

/// <summary>Why a request went to the origin (RFC 9211 section 2.2).</summary>
internal enum ForwardReason
{
    /// <summary>The cache was not asked: the request is of no kind that it deals with.</summary>
    Bypass,

    /// <summary>Its method.</summary>
    Method,

    /// <summary>Nothing is kept for the URL.</summary>
    UriMiss,

    /// <summary>Something is kept for the URL, but not for this request's fields.</summary>
    VaryMiss,

    /// <summary>What is kept is fresh, but the request wants the origin's word.</summary>
    Request,

    /// <summary>What is kept is stale.</summary>
    Stale,

    /// <summary>Only a part is asked for, and nothing is kept.</summary>
    Partial,
}
