using Skitai.Engine;
using Skitaid.Control;

namespace Skitaid.Supervision;

/// <content>Orders about the instance's clusters and their cache.</content>
internal sealed partial class InstanceHost
{
    private async Task OrderMemberAsync(MemberOrder order, long number)
    {
        if (_instance is not { } running)
        {
            await ReportAsync(new InstanceReport(InstanceReport.Ordered, "it does not serve yet", Number: number));
            return;
        }

        var why = order.Drained is { } drained ? running.OrderMember(new DrainedMember(order.Name.Cluster, order.Name.Member), drained) : null;
        await ReportAsync(new InstanceReport(
            InstanceReport.Ordered,
            why,
            Count: EngineFigures.InHand(running.GetStatus(), order.Name),
            Drained: [.. running.DrainedMembers.Select(member => new MemberName(member.Cluster, member.Member))],
            Number: number));
    }

    private async Task PurgeAsync(PurgeOrder order, long number)
    {
        if (_instance is not { } running)
        {
            await ReportAsync(new InstanceReport(InstanceReport.Purged, "it does not serve yet", Number: number));
            return;
        }

        try
        {
            var count = await running.PurgeAsync(order.Url, order.IsPrefix);
            await ReportAsync(new InstanceReport(
                InstanceReport.Purged, count is null ? $"'{order.Url}' is not a URL that clients could ask for" : null, Count: count, Number: number));
        }
#pragma warning disable CA1031 // whatever it is, the supervisor is to hear of it
        catch (Exception failure)
#pragma warning restore CA1031
        {
            await ReportAsync(new InstanceReport(InstanceReport.Purged, Why(failure), Number: number));
        }
    }
}
