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
