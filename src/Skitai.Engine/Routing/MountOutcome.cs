namespace Skitai.Engine.Routing;

/// <summary>What a mount made of a request.</summary>
public enum MountOutcome
{
    /// <summary>It answered.</summary>
    Handled,

    /// <summary>It has nothing there: the next mount is asked; after the last one the answer is 404.</summary>
    NotFound,

    /// <summary>
    /// It has something there but not for this method (a static file and POST): the next mount is asked; after the last
    /// one the answer is 405 with <c>Allow: GET, HEAD</c>.
    /// </summary>
    MethodNotAllowed,
}
