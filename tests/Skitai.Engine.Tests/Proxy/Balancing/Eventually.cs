namespace Skitai.Engine.Tests.Proxy.Balancing;

/// <summary>For what goes on on another thread, though no time passes for it.</summary>
internal static class Eventually
{
    public static async Task BecomesAsync(Func<bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await Task.Delay(5, limit.Token);
        }
    }
}
