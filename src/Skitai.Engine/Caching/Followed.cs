namespace Skitai.Engine.Caching;

/// <summary>What came of waiting for another request's <see cref="Flight"/>.</summary>
internal enum Followed
{
    /// <summary>The request is answered with what that one brought.</summary>
    Answered,

    /// <summary>It brought nothing for this request, and another flight may: one of those who waited begins it.</summary>
    Again,

    /// <summary>What it brought is not to be shared: each asks for itself.</summary>
    Alone,
}
