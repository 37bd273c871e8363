namespace Skitai.Engine.Proxy.Balancing;

/// <summary>
/// Answers that may be the service's or the member's own fault: 502, 503, 504. Where a request may be repeated another member's
/// answer tells which. For the others, a row of nothing else tells, while another member answers as it should; else a member
/// that refuses everything would keep its share of them, and more, being quick.
/// </summary>
internal sealed partial class Member
{
    /// <summary>Such answers in a row that make a failure, and each one after them.</summary>
    internal const int DoubtsInRow = 10;

    private int _doubtsInRow;

    /// <summary>Whether its last answer was as it should be.</summary>
    internal bool AnswersWell => Volatile.Read(ref _lastAnswerAt) != 0 && Volatile.Read(ref _doubtsInRow) == 0;

    /// <summary>It answered a request as it should.</summary>
    internal void NoteGoodAnswer()
    {
        if (Volatile.Read(ref _doubtsInRow) != 0)
        {
            Volatile.Write(ref _doubtsInRow, 0);
        }
    }

    /// <summary>A request got nothing better than this one's answer, which was 502, 503 or 504.</summary>
    internal void NoteDoubtfulAnswer(ref Attempt attempt, int status, long now)
    {
        if (Interlocked.Increment(ref _doubtsInRow) >= DoubtsInRow && _cluster.HasOtherThatAnswersWell(this))
        {
            Failed(ref attempt, $"it answers nothing but {status}", now);
            return;
        }

        // That is the service's answer, and the member is there.
        Proved(ref attempt, now);
        Succeeded();
    }
}
