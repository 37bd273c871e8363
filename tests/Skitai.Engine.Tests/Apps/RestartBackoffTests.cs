using Skitai.Engine.Apps;

namespace Skitai.Engine.Tests.Apps;

public sealed class RestartBackoffTests
{
    [Fact]
    public void At_once_then_doubling_to_a_minute_and_forgotten_after_a_minute_of_health()
    {
        var backoff = new RestartBackoff();
        double[] expected = [0, 1, 2, 4, 8, 16, 32, 60, 60];
        foreach (var seconds in expected)
        {
            Assert.Equal(seconds, backoff.Next(TimeSpan.FromSeconds(59)).TotalSeconds);
        }

        Assert.Equal(TimeSpan.Zero, backoff.Next(TimeSpan.FromSeconds(60)));
        Assert.Equal(1, backoff.Next(TimeSpan.Zero).TotalSeconds);
    }
}
