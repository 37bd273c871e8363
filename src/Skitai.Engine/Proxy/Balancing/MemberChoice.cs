using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Proxy.Balancing;

/// <summary>
/// One request's dealings with a cluster: which members it was given to, one after the other, and how they did. Used by one
/// request at a time; <see cref="End"/> makes it ready for the next.
/// </summary>
internal sealed class MemberChoice
{
    private bool _sent;
    private int _answered;
    private MemberException? _failed;

    /// <summary>
    /// Whether the request may be given to another member if this one fails: set it before <see cref="Cluster.TakeAsync"/>. A
    /// member that was down is tried with such requests only, while others are up.
    /// </summary>
    public bool Replayable { get; set; }

    /// <summary>The token of the client's cookie, which names the member it should stay with; null = any will do.</summary>
    public string? Token { get; set; }

    /// <summary>The member that has the request; null = none.</summary>
    public Member? Member { get; internal set; }

    /// <summary>Why <see cref="Cluster.TakeAsync"/> returned none.</summary>
    public NoMember Refusal { get; internal set; }

    /// <summary>How many members it was given to.</summary>
    public int Tries { get; internal set; }

    /// <summary>Whether it got an answer.</summary>
    public bool HasAnswer => _sent && _answered != 0 && _failed is null;

    /// <summary>
    /// The member has the whole request from here on: say so before it is sent when it has no body, else when the body was
    /// read to its end. A slow client's upload is not the member's silence.
    /// </summary>
    public void Sent() => _sent = true;

    /// <summary>
    /// The header section of an answer is here. Members that answered this request with 502, 503 or 504 before have failed if
    /// this one answers anything else.
    /// </summary>
    public void Answered(int status) => _answered = status;

    /// <summary>The member failed, before or after its answer began.</summary>
    public void Failed(MemberException failure) => _failed = failure;

    /// <summary>The member no longer has the request: its answer has been read, or disposed of. May be called again.</summary>
    public void Release()
    {
        Member?.GiveBack();
        Member = null;
    }

    /// <summary>The request is over: releases the member if that was not done, and forgets everything.</summary>
    public void End()
    {
        Release();
        Replayable = false;
        Token = null;
        Refusal = NoMember.None;
        Tries = 0;
        (_sent, _answered, _failed) = (false, 0, null);
    }
}
