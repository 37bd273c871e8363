namespace Skitai.Engine.Caching;

/// <summary>What can come of a <see cref="Flight"/>.</summary>
internal enum LandingKind
{
    /// <summary>An answer that is kept, on its way in.</summary>
    Filling,

    /// <summary>The kept answer is good again.</summary>
    Confirmed,

    /// <summary>The origin fails, and the kept answer may be used for a while.</summary>
    StaleOnError,

    /// <summary>An answer that is not kept: for the one who asked first, and nobody else.</summary>
    Passed,

    /// <summary>There is no answer.</summary>
    Failed,
}
