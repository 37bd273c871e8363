using Skitaid.Commands;
using Skitaid.Control;

namespace Skitaid.Supervision;

/// <content>Purging the cache of its clusters.</content>
internal sealed partial class SupervisedInstance
{
    /// <summary>How long it may take: a disk with many answers has to be gone through.</summary>
    private static readonly TimeSpan PurgeLimit = TimeSpan.FromSeconds(60);

    /// <summary>Has cached answers forgotten, by whichever process has them.</summary>
    public async Task<ControlReply> PurgeAsync(PurgeOrder order, CancellationToken cancellation)
    {
        InstanceChild? current;
        InstanceChild[] others;
        lock (_state)
        {
            current = _current;
            others = [.. _draining];
        }

        if (current is null)
        {
            return new ControlReply(ExitCodes.Failed, [$"{Name}: no process of it runs that could purge"]);
        }

        // One that drains has a memory of its own, and may not write to the disk what is to go.
        var rest = Task.WhenAll(others.Select(child => child.PurgeAsync(order, PurgeLimit, cancellation)));
        var report = await current.PurgeAsync(order, PurgeLimit, cancellation);
        await rest;
        if (report is not { Why: null, Count: { } count })
        {
            return new ControlReply(ExitCodes.Failed, [$"{Name}: not purged: {report?.Why ?? $"its process {current.Pid} has not answered"}"]);
        }

        var what = order.Url is null ? "all" : order.Url + (order.IsPrefix ? "*" : "");
        _log.CachePurged(Name, count, what);
        return new ControlReply(ExitCodes.Done, [count == 1 ? $"{Name}: 1 stored answer purged" : $"{Name}: {count} stored answers purged"]);
    }
}
