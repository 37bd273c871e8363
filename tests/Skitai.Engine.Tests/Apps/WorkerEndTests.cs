using System.Net;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Tests.Apps;

/// <summary>Nothing is left of a worker that ends.</summary>
public sealed class WorkerEndTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_left_when_the_pool_is_closed_even_of_a_stuck_worker()
    {
        var server = await AppServer.StartAsync(processes: 2, tune: new TuneSettings { ResponseTimeout = TimeSpan.FromSeconds(1) });
        var pids = server.Pool.Status().Workers.Select(worker => worker.Pid).ToArray();
        var stuck = server.Client.GetAsync("/stuck", Cancellation);
        await AppServer.UntilAsync(() => server.Pool.Status().Workers.Sum(worker => worker.InHand) == 1, "in hand");
        await server.Pool.DisposeAsync();
        Assert.DoesNotContain(pids, pid => Directory.Exists($"/proc/{pid}"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await stuck).StatusCode);
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData("killed")]
    [InlineData("reloaded")]
    public async Task What_an_app_has_started_ends_with_its_worker(string how)
    {
        await using var server = await AppServer.StartAsync();
        var child = await server.GetAsync("/child");
        Assert.True(Directory.Exists("/proc/" + child));
        var pid = server.Pool.Status().Workers[0].Pid!.Value;
        if (how == "killed")
        {
            Assert.Equal(0, Descriptor.Kill(pid, 9));
        }
        else
        {
            Assert.Null(await server.Pool.ReloadAsync(Cancellation));
        }

        // Nobody may be there to reap it: dead is enough.
        await AppServer.UntilAsync(() => !Children.IsAlive(int.Parse(child, System.Globalization.CultureInfo.InvariantCulture)), "the child is gone");
    }

    [Fact]
    public async Task Mounts_that_share_a_pool_share_its_workers_and_its_end()
    {
        var server = await AppServer.StartSharedAsync("/one", "/two");
        Assert.Equal("GET /one /a", await server.GetAsync("/one/a"));
        Assert.Equal("GET /two /a", await server.GetAsync("/two/a"));
        var only = Assert.Single(server.Pool.Status().Workers);
        Assert.Equal(2, only.Requests);
        await server.DisposeAsync();
        Assert.False(Directory.Exists($"/proc/{only.Pid}"));
    }
}
