namespace Skitai.Engine.Caching.Rules;

/// <summary>What of a request decides whether its answer may be kept.</summary>
[Flags]
internal enum RequestTraits
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Its method is not GET.</summary>
    OtherMethod = 1,

    /// <summary>It has Authorization.</summary>
    Authorization = 2,

    /// <summary>Its Cache-Control says no-store.</summary>
    NoStore = 4,

    /// <summary>It has one of the <see cref="UnkeyedFields"/>.</summary>
    UnkeyedField = 8,
}
