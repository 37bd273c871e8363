namespace Skitai.Engine.Proxy.Upstream;

/// <summary>What can go wrong between us and a member.</summary>
internal enum MemberFault
{
    /// <summary>It cannot be connected to: refused, unreachable, no descriptor left.</summary>
    CannotConnect,

    /// <summary>Connecting took longer than connect_timeout.</summary>
    ConnectTimeout,

    /// <summary>No TLS with it: its certificate is not good, or it speaks something else.</summary>
    TlsFailed,

    /// <summary>The connection ended before an answer began.</summary>
    NoAnswer,

    /// <summary>No answer began within response_timeout.</summary>
    AnswerTimeout,

    /// <summary>What it sent is no answer, or one with framing that cannot be trusted.</summary>
    BadAnswer,

    /// <summary>The connection ended within the answer's body.</summary>
    BrokenOff,

    /// <summary>The answer's body stood still for idle_timeout.</summary>
    Stalled,
}
