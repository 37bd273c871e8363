namespace Skitai.Engine.Proxy.Balancing;

/// <summary>One member's turn at a request.</summary>
internal struct Attempt
{
    /// <summary>Who.</summary>
    public Member Member;

    /// <summary>The member's <see cref="Member.Epoch"/> when it was given the request.</summary>
    public int Epoch;

    /// <summary>When it was given the request; a timestamp.</summary>
    public long TakenAt;

    /// <summary>When it had the whole of it; a timestamp, 0 = not said.</summary>
    public long SentAt;

    /// <summary>Whether it was down, and this was to show whether it still is.</summary>
    public bool Trial;

    /// <summary>Whether it holds the member's one trial: nothing has been shown yet.</summary>
    public bool HoldsTrial;

    /// <summary>Whether its answer began.</summary>
    public bool Answered;

    /// <summary>The 502, 503 or 504 it answered, as long as it is not known whether others do any better; 0 = none.</summary>
    public int Doubtful;
}
