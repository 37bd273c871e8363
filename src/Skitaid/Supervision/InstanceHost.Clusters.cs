using Skitai.Engine;
using Skitaid.Control;

namespace Skitaid.Supervision;

/// <content>Orders about the instance's clusters.</content>
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
}
