namespace Skitai.Engine.Proxy.Upstream;

/// <summary>A member could not be asked, or its answer could not be had.</summary>
/// <param name="fault">What went wrong.</param>
/// <param name="neverLeft">Whether the member has certainly not begun to work on the request: it may go to another one, whatever its method.</param>
/// <param name="message">For the log: one line that says what happened, without the member's name.</param>
/// <param name="cause">What it was noticed by.</param>
internal sealed class MemberException(MemberFault fault, bool neverLeft, string message, Exception? cause = null) : IOException(message, cause)
{
    /// <summary>What went wrong.</summary>
    public MemberFault Fault { get; } = fault;

    /// <summary>Whether the member has certainly not begun to work on the request.</summary>
    public bool NeverLeft { get; } = neverLeft;

    /// <summary>Whether it was a connection that had been idle: the member may just have closed it for that.</summary>
    public bool WasIdle { get; init; }
}
