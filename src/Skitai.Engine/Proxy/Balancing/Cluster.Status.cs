namespace Skitai.Engine.Proxy.Balancing;

/// <summary>What is told of it.</summary>
internal sealed partial class Cluster
{
    /// <summary>Its members now, those that leave not among them.</summary>
    internal IReadOnlyList<Member> GetMembers() => _members;

    /// <summary>Whether another member is up whose last answer was as it should be.</summary>
    internal bool HasOtherThatAnswersWell(Member than)
    {
        foreach (var member in _members)
        {
            if (member != than && !member.IsDown && member.AnswersWell)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How long it takes until a member that is down is tried again, if all are; else zero.</summary>
    public TimeSpan UntilNextTry()
    {
        var now = Time.GetTimestamp();
        var least = TimeSpan.MaxValue;
        foreach (var member in _members)
        {
            switch (member.Standing)
            {
                case Standing.Out:
                    break;
                case Standing.Down:
                    var left = member.BackOffLeft(now);
                    least = left < least ? left : least;
                    break;
                default:
                    return TimeSpan.Zero;
            }
        }

        return least == TimeSpan.MaxValue ? TimeSpan.Zero : least;
    }

    /// <summary>How it does now.</summary>
    public ClusterStatus GetStatus()
    {
        lock (Gate)
        {
            var now = Time.GetTimestamp();
            return new ClusterStatus(Name)
            {
                Waiting = _queue.Count,
                Refused = Volatile.Read(ref _refused),
                Unresolved = [.. from host in _hosts.Values where host.Failure is not null select $"{host.Name}: {host.Failure}"],
                Members = [.. from member in _members.Concat(_leavers) select member.GetStatus(now)],
            };
        }
    }
}
