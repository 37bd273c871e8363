using Skitai.Configuration.Settings;
using Skitaid.Commands;
using Skitaid.Control;

namespace Skitaid.Supervision;

/// <content>Members of clusters that are drained by hand, and stay so whatever process serves.</content>
internal sealed partial class SupervisedInstance
{
    private static readonly TimeSpan OrderLimit = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _ordering = new(1, 1);
    private volatile DrainedMembers _drained = DrainedMembers.None;

    /// <summary>Drains a member of a cluster, takes it up again, or only tells what it has in hand.</summary>
    public async Task<ControlReply> OrderMemberAsync(MemberOrder order, CancellationToken cancellation)
    {
        var settings = _settings;
        if (settings.Clusters.FirstOrDefault(cluster => cluster.Name == order.Name.Cluster) is not { } cluster)
        {
            return new ControlReply(ExitCodes.Failed, [$"{Name}: {MissingName.Of("cluster", order.Name.Cluster, settings.Clusters.Select(one => one.Name))}"]);
        }

        var member = ClusterMember.Parse(order.Name.Member)?.Authority ?? order.Name.Member;
        order = order with { Name = new MemberName(cluster.Name, member) };
        await _ordering.WaitAsync(cancellation);
        try
        {
            return await OrderInTurnAsync(cluster, order, cancellation);
        }
        finally
        {
            _ordering.Release();
        }
    }

    private async Task<ControlReply> OrderInTurnAsync(ClusterSettings cluster, MemberOrder order, CancellationToken cancellation)
    {
        InstanceChild? current;
        InstanceChild[] others;
        lock (_state)
        {
            current = _current;
            others = [.. _draining];
        }

        var report = current is null ? null : await current.OrderAsync(order, OrderLimit, cancellation);
        if (current is not null && report is null)
        {
            return new ControlReply(ExitCodes.Failed, [$"{Name}: its process {current.Pid} has not answered: nothing was changed"]);
        }

        // Without a process the conf has to do, which does not know the addresses of names.
        var isInConf = cluster.Members.Any(known => known.Authority == order.Name.Member);
        if (report is { Why: not null } || (report is null && !isInConf))
        {
            var why = isInConf ? report!.Why : MissingName.Of($"member of {cluster.Name}", order.Name.Member, cluster.Members.Select(known => known.Authority));
            return new ControlReply(ExitCodes.Failed, [$"{Name}: {why}"]);
        }

        if (order.Drained is { } drained)
        {
            var changed = new DrainedMembers(report?.Drained ?? _drained.After(order).Names);
            if (!changed.Names.SequenceEqual(_drained.Names))
            {
                _log.MemberOrdered(Name, order.Name.Member, cluster.Name, drained ? "drained" : "up again");
            }

            _drained = changed;
        }

        // A process that drains still answers what comes on open connections; one that has come since knows what we knew before.
        var (came, inHand) = (_current, report?.Count ?? 0);
        foreach (var child in came is null || came == current ? others : [.. others, came])
        {
            inHand += (await child.OrderAsync(order, OrderLimit, cancellation))?.Count ?? 0;
        }

        return new ControlReply(ExitCodes.Done, [.. Tell(cluster, order, report is not null, inHand)], InHand: (int)inHand);
    }

    private IEnumerable<string> Tell(ClusterSettings cluster, MemberOrder order, bool runs, long inHand)
    {
        var which = $"{Name}: {order.Name.Member} of {cluster.Name}";
        var has = inHand switch { 0 => "nothing is in hand", 1 => "1 request is still in hand", _ => $"{inHand} requests are still in hand" };
        yield return order.Drained switch
        {
            true when !runs => $"{which} is to get nothing; no process runs now",
            false when !runs => $"{which} is to get requests again; no process runs now",
            true => $"{which} gets nothing new; {has}",
            false => $"{which} gets requests again",
            null => $"{which}: {has}",
        };
        if (order.Drained == true && _drained.CoverAllOf(cluster))
        {
            yield return $"{Name}: note: all members of {cluster.Name} are drained: its requests get 503";
        }
    }

    /// <summary>Has a process do what was ordered before it could hear of it.</summary>
    private static async Task ObeyAsync(InstanceChild child, IEnumerable<MemberOrder> orders, CancellationToken cancellation)
    {
        foreach (var order in orders)
        {
            await child.OrderAsync(order, OrderLimit, cancellation);
        }
    }
}
