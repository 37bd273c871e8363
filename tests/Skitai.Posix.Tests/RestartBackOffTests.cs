namespace Skitai.Posix.Tests;

public sealed class RestartBackOffTests
{
    [Fact]
    public void The_first_death_costs_no_wait_then_it_doubles_from_1_s_to_600_s()
    {
        var backOff = new RestartBackOff(TimeSpan.FromSeconds(600));

        double[] waits = [.. Enumerable.Range(0, 14).Select(_ => backOff.Next(TimeSpan.FromSeconds(59)).TotalSeconds)];

        Assert.Equal([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600], waits);
    }

    [Fact]
    public void A_minute_of_health_forgets_the_past()
    {
        var backOff = new RestartBackOff(TimeSpan.FromSeconds(600));
        backOff.Next(TimeSpan.Zero);
        backOff.Next(TimeSpan.Zero);
        backOff.Next(TimeSpan.Zero);

        Assert.Equal(TimeSpan.Zero, backOff.Next(TimeSpan.FromSeconds(60)));
        Assert.Equal(TimeSpan.FromSeconds(1), backOff.Next(TimeSpan.Zero));
    }

    [Fact]
    public void It_never_overflows()
    {
        var backOff = new RestartBackOff(TimeSpan.FromSeconds(600));
        for (var i = 0; i < 10_000; i++)
        {
            Assert.InRange(backOff.Next(TimeSpan.Zero), TimeSpan.Zero, TimeSpan.FromSeconds(600));
        }
    }
}
