namespace Skitai.Engine.Static;

/// <summary>What a request's conditions come to.</summary>
internal enum Precondition
{
    /// <summary>Go on; a Range header is not to be looked at.</summary>
    Whole,

    /// <summary>Go on, with the Range header if there is one.</summary>
    MayBePartial,

    /// <summary>304.</summary>
    NotModified,

    /// <summary>412.</summary>
    Failed,
}
