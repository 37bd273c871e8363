namespace Skitai.Engine.Proxy.Balancing;

/// <summary>Which member gets a request.</summary>
internal sealed partial class Cluster
{
    private long _refused;

    /// <summary>
    /// Gives the request to the best member there is. In this order: the one the client should stay with; one whose back-off is
    /// over, which this request tries; the least loaded one that is up and not suspect; a suspect one, if all are; and when
    /// none is up, one that is down. Never one that had its turn.
    /// </summary>
    /// <param name="choice">The request.</param>
    /// <param name="now">A timestamp.</param>
    /// <param name="impatient">It has waited: better a suspect member, or another one than its cookie says, than none.</param>
    private Found Choose(MemberChoice choice, long now, bool impatient)
    {
        var settings = _settings;
        var limit = settings.MaxConnections;
        while (true)
        {
            var members = _members;
            var well = new LightestMember(Random);
            var suspects = new LightestMember(Random);
            Member? trial = null;
            Member? resort = null;
            Member? own = null;
            bool anyRoom = false, anyUp = false, anyWell = false, anyLeft = false;
            foreach (var member in members)
            {
                var standing = member.Standing;
                if (standing == Standing.Out)
                {
                    continue;
                }

                var inHand = member.InHand;
                var hasRoom = limit == 0 || inHand < limit;
                anyRoom |= hasRoom;
                if (choice.Tries != 0 && choice.HasTried(member))
                {
                    continue;
                }

                anyLeft = true;
                if (standing == Standing.Down)
                {
                    if (hasRoom)
                    {
                        trial = member.AwaitsTrial(now) && (trial is null || member.Token == choice.Token) ? member : trial;
                        resort = resort is null || IsBetterResort(member, resort) ? member : resort;
                    }

                    continue;
                }

                anyUp = true;
                var suspect = member.IsSuspect(now);
                anyWell |= !suspect;
                if (suspect)
                {
                    member.Check?.Hurry(TimeSpan.Zero);
                }

                if (!suspect && choice.Token is not null && member.Token == choice.Token)
                {
                    own = member;
                }

                if (hasRoom)
                {
                    (suspect ? ref suspects : ref well).Show(member, inHand, member.WeightAt(now));
                }
            }

            Member? target;
            bool tries = false, isResort = false;
            if (own is not null && (!impatient || limit == 0 || own.InHand < limit))
            {
                target = own;
            }
            else if (trial is not null && (!anyUp || (choice.Replayable && choice.Tries == 0)))
            {
                target = trial;
                tries = true;
            }
            else if (anyUp)
            {
                target = well.Find() ?? (anyWell && !impatient ? null : suspects.Find());
            }
            else
            {
                target = choice.LastResorts <= settings.Retries ? resort : null;
                isResort = true;
                anyLeft &= choice.LastResorts <= settings.Retries;
            }

            if (target is null)
            {
                return anyLeft ? anyRoom ? Found.NoneForThis : Found.NoRoom : Refuse(choice, members);
            }

            if (tries && !target.TryBeginTrial(now))
            {
                continue; // somebody else does
            }

            var epoch = target.Epoch;
            if (target.TryGive(limit))
            {
                choice.Begin(target, epoch, now, tries, isResort);
                return Found.Member;
            }

            if (tries)
            {
                target.AbandonTrial();
            }

            if (target == own)
            {
                return anyRoom ? Found.NoneForThis : Found.NoRoom;
            }
        }
    }

    /// <summary>The one with less in hand, for it may hang; then the one that failed longer ago: requests go round until one returns.</summary>
    private static bool IsBetterResort(Member member, Member other) =>
        member.InHand != other.InHand ? member.InHand < other.InHand : member.FailedAt < other.FailedAt;

    private Found Refuse(MemberChoice choice, Member[] members)
    {
        choice.Refusal = members.Length != 0 ? choice.Tries == 0 ? NoMember.Drained : NoMember.AllTried
            : _ended ? NoMember.Ended : NoMember.Unresolved;
        Interlocked.Increment(ref _refused);
        return Found.Nothing;
    }
}
