using Skitaid.Control;

namespace Skitaid.Supervision;

/// <content>What it is told about its clusters and their cache.</content>
internal sealed partial class InstanceChild
{
    // Who asks while a question is under way gets its answer: two orders must not meet in one.
    private readonly SemaphoreSlim _ordering = new(1, 1);
    private readonly SemaphoreSlim _purging = new(1, 1);

    /// <summary>Has it drain a member or take it up again.</summary>
    /// <returns>What it says; null when it is gone or does not answer in time.</returns>
    public Task<InstanceReport?> OrderAsync(MemberOrder order, TimeSpan limit, CancellationToken cancellation) =>
        AskAsync(_order, _ordering, new InstanceOrder(InstanceOrder.Member, MemberOrder: order), limit, cancellation);

    /// <summary>Has it let go of cached answers.</summary>
    /// <returns>What it says; null when it is gone or does not answer in time.</returns>
    public Task<InstanceReport?> PurgeAsync(PurgeOrder order, TimeSpan limit, CancellationToken cancellation) =>
        AskAsync(_purge, _purging, new InstanceOrder(InstanceOrder.Purge, PurgeOrder: order), limit, cancellation);

    private async Task<InstanceReport?> AskAsync(
        Question question, SemaphoreSlim turn, InstanceOrder order, TimeSpan limit, CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation);
        try
        {
            return await question.AskAsync((number, either) => SendAsync(order with { Number = number }, either), limit, cancellation);
        }
        finally
        {
            turn.Release();
        }
    }
}
