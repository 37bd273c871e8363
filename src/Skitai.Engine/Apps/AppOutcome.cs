namespace Skitai.Engine.Apps;

/// <summary>What has become of an <see cref="AppRequest"/>.</summary>
internal enum AppOutcome
{
    /// <summary>Nothing yet.</summary>
    None,

    /// <summary>The whole answer is there: head and body.</summary>
    Complete,

    /// <summary>The head is there, the body comes in pieces.</summary>
    Begun,

    /// <summary>The worker gave up the answer before its head.</summary>
    Reset,

    /// <summary>The worker died or was killed before the head of the answer.</summary>
    WorkerLost,

    /// <summary>The app took longer than app_timeout, the head not sent.</summary>
    TimedOut,

    /// <summary>No app thread got free in time, or too many wait already.</summary>
    Busy,

    /// <summary>The app could not be imported.</summary>
    Unavailable,

    /// <summary>The app's head cannot be sent.</summary>
    BadHead,
}
