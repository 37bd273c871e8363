using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Proxy.Balancing;

/// <summary>
/// One request's dealings with a cluster: which members it was given to, one after the other, and how they did. Used by one
/// request at a time; <see cref="End"/> makes it ready for the next. Only <see cref="Sent"/> may be called while another
/// member of this is at work.
/// </summary>
internal sealed class MemberChoice
{
    private const int Given = 0;
    private const int OnItsWay = 1;
    private const int HasAnswered = 2;
    private const int Over = 3;

    private Attempt[] _attempts = new Attempt[3];
    private int _phase;

    /// <summary>
    /// Whether the request may be given to another member if this one fails: set it before <see cref="Cluster.TakeAsync"/>. While
    /// others are up, a member that was down is tried with such requests only.
    /// </summary>
    public bool Replayable { get; set; }

    /// <summary>Whether it waits when no member has room; else none may be had then. Set it before <see cref="Cluster.TakeAsync"/>.</summary>
    public bool Waits { get; set; } = true;

    /// <summary>The token of the client's cookie, which names the member it should stay with; null = any will do.</summary>
    public string? Token { get; set; }

    /// <summary>The member that has the request; null = none.</summary>
    public Member? Member { get; private set; }

    /// <summary>Why <see cref="Cluster.TakeAsync"/> returned none.</summary>
    public NoMember Refusal { get; internal set; }

    /// <summary>How many members it was given to, the present one included.</summary>
    public int Tries { get; private set; }

    /// <summary>
    /// Whether the present member, or the last one after <see cref="Failed"/> and <see cref="Release"/>, was down, and this
    /// request tried it: if it failed, that is no retry to be counted.
    /// </summary>
    public bool IsTrial => Tries > 0 && _attempts[Tries - 1].Trial;

    /// <summary>How many of <see cref="Tries"/> were members that were down, for want of any other.</summary>
    internal int LastResorts { get; private set; }

    /// <summary>Who waits behind it.</summary>
    internal MemberChoice? Next { get; set; }

    /// <summary>Who waits before it.</summary>
    internal MemberChoice? Previous { get; set; }

    /// <summary>Since when it waits; a timestamp.</summary>
    internal long WaitsSince { get; set; }

    /// <summary>Ends its wait; null = it does not wait.</summary>
    internal TaskCompletionSource<Member?>? Wait { get; set; }

    /// <summary>
    /// The member has the whole request from here on: say so before it is sent when it has no body, else when the body was
    /// read to its end. A slow client's upload is not the member's silence.
    /// </summary>
    public void Sent()
    {
        if (Member is { } member && Interlocked.CompareExchange(ref _phase, OnItsWay, Given) == Given)
        {
            var now = member.Now();
            _attempts[Tries - 1].SentAt = now;
            member.NoteSent(now);
        }
    }

    /// <summary>
    /// The header section of an answer is here, 1xx but 101 not meant. Members that answered this request with 502, 503 or 504
    /// before have failed if this one answers anything else.
    /// </summary>
    public void Answered(int status)
    {
        if (Member is not { } member || _phase is HasAnswered or Over)
        {
            return;
        }

        var now = member.Now();
        member.NoteAnswer(now, Interlocked.Exchange(ref _phase, HasAnswered) == OnItsWay);
        ref var attempt = ref _attempts[Tries - 1];
        attempt.Answered = true;
        if (status is 502 or 503 or 504)
        {
            attempt.Doubtful = status;
            return;
        }

        member.NoteGoodAnswer();
        member.Proved(ref attempt, now);
        for (var at = 0; at < Tries - 1; at++)
        {
            ref var earlier = ref _attempts[at];
            if (earlier.Doubtful != 0)
            {
                earlier.Member.Failed(ref earlier, $"it answered {earlier.Doubtful} where {member.Label} answered {status}", now);
                earlier.Doubtful = 0;
            }
        }
    }

    /// <summary>The member failed, before or after its answer began. <see cref="Release"/> is next.</summary>
    public void Failed(MemberException failure)
    {
        if (Member is not { } member || _phase == Over)
        {
            return;
        }

        if (Interlocked.Exchange(ref _phase, Over) == OnItsWay)
        {
            member.NoteForsaken();
        }

        ref var attempt = ref _attempts[Tries - 1];
        attempt.Doubtful = 0;
        member.Failed(ref attempt, failure, member.Now());
    }

    /// <summary>The member no longer has the request: its answer has been read, or disposed of. May be called again.</summary>
    public void Release()
    {
        if (Member is not { } member)
        {
            return;
        }

        Member = null;
        ref var attempt = ref _attempts[Tries - 1];
        switch (Interlocked.Exchange(ref _phase, Over))
        {
            case OnItsWay:
                member.NoteForsaken();
                break;
            case HasAnswered when attempt.Doubtful == 0:
                member.Succeeded();
                break;
        }

        if (attempt.Doubtful == 0)
        {
            member.EndTrial(ref attempt); // if it is still on, it showed nothing
        }

        member.GiveBack();
    }

    /// <summary>The request is over: releases the member if that was not done, and forgets everything. May be called again.</summary>
    public void End()
    {
        Release();
        for (var at = 0; at < Tries; at++)
        {
            ref var attempt = ref _attempts[at];
            if (attempt.Doubtful != 0)
            {
                attempt.Member.NoteDoubtfulAnswer(ref attempt, attempt.Doubtful, attempt.Member.Now());
            }

            attempt = default;
        }

        Replayable = false;
        Waits = true;
        Token = null;
        Refusal = NoMember.None;
        Tries = 0;
        LastResorts = 0;
    }

    /// <summary>Whether that member had its turn.</summary>
    internal bool HasTried(Member member)
    {
        for (var at = 0; at < Tries; at++)
        {
            if (_attempts[at].Member == member)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A member has it.</summary>
    internal void Begin(Member member, int epoch, long now, bool trial, bool lastResort)
    {
        if (Tries == _attempts.Length)
        {
            Array.Resize(ref _attempts, Tries * 2);
        }

        _attempts[Tries++] = new Attempt { Member = member, Epoch = epoch, TakenAt = now, Trial = trial, HoldsTrial = trial };
        LastResorts += lastResort ? 1 : 0;
        Refusal = NoMember.None;
        Member = member;
        Volatile.Write(ref _phase, Given);
    }
}
