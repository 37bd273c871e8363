using System.Net;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Tests.Apps;

/// <summary>app_timeout and slow_request.</summary>
public sealed class AppTimeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_past_app_timeout_gets_504_and_a_stuck_worker_is_replaced()
    {
        await using var server = await AppServer.StartAsync(tune: new TuneSettings { AppTimeout = TimeSpan.FromSeconds(1) });
        var pid = server.Pool.Status().Workers[0].Pid;
        using var answer = await server.Client.GetAsync("/stuck", Cancellation);
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Equal("GET  /a", await server.GetAsync("/a"));
        await AppServer.UntilAsync(
            () => server.Pool.Status().Workers is [{ State: "ready" } only] && only.Pid != pid && !Directory.Exists($"/proc/{pid}"), "replaced");

        // Though slow_request is ten seconds: where it hangs must not be lost.
        var report = Assert.Single(server.Output.Lines, line => line.Contains("given up by app_timeout", StringComparison.Ordinal));
        Assert.Contains("GET /stuck", report, StringComparison.Ordinal);
        Assert.Contains("many.py", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slow_request_is_reported_once_with_the_place_where_it_is()
    {
        await using var server = await AppServer.StartAsync(tune: new TuneSettings { SlowRequest = TimeSpan.FromSeconds(0.5) });
        var request = server.GetAsync("/sleep?3");
        await AppServer.UntilAsync(() => server.Pool.Status().Workers[0].SlowRequests.Count == 1, "in status");
        await AppServer.UntilAsync(() => server.Output.ToString().Contains("slow request", StringComparison.Ordinal), "in the log");
        await request;
        var report = Assert.Single(server.Output.Lines, line => line.Contains("slow request", StringComparison.Ordinal));
        Assert.Contains("GET /sleep?3", report, StringComparison.Ordinal);
        Assert.Contains("many.py", report, StringComparison.Ordinal);
    }
}
