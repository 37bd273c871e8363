namespace Skitai.Engine.Apps;

/// <summary>How the streaming of a request body does.</summary>
internal enum UploadState
{
    /// <summary>Not streamed, or still on its way.</summary>
    None,

    /// <summary>All of it was sent, or the worker wants no more.</summary>
    Done,

    /// <summary>The client sent nothing for response_timeout.</summary>
    Stalled,

    /// <summary>The client broke it off or broke the rules.</summary>
    Broken,
}
