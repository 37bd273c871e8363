using Skitai.Configuration.Settings;

namespace Skitai.Engine.Tests.Apps;

/// <summary>Workers that are replaced in good health: max_requests and max_worker_memory.</summary>
public sealed class WorkerRenewalTests
{
    [Fact]
    public async Task Workers_are_recycled_after_max_requests_and_no_request_fails()
    {
        await using var server = await AppServer.StartAsync(processes: 2, tune: new TuneSettings { MaxRequests = 50 });
        var first = server.Pool.Status().Workers.Select(worker => worker.Pid).ToArray();
        var clients = Enumerable.Range(0, 4).Select(async _ =>
        {
            for (var i = 0; i < 150; i++)
            {
                Assert.Equal("GET  /a", await server.GetAsync("/a"));
            }
        });
        await Task.WhenAll(clients);
        await AppServer.UntilAsync(() => server.Pool.Status().Workers.All(worker => !first.Contains(worker.Pid)), "recycled");
    }

    [Fact]
    public async Task A_worker_that_has_grown_past_max_worker_memory_is_replaced()
    {
        await using var server = await AppServer.StartAsync(tune: new TuneSettings { MaxWorkerMemory = 100 * 1024 * 1024 });
        var pid = server.Pool.Status().Workers[0].Pid;
        await server.GetAsync("/grow?120");
        await AppServer.UntilAsync(() => server.Pool.Status().Workers is [{ State: "ready" } only] && only.Pid != pid, "replaced");
        Assert.Contains("max_worker_memory is 100 MiB", server.Log.ToString(), StringComparison.Ordinal);
        Assert.InRange(server.Pool.Status().Workers[0].ResidentBytes, 1, 100 * 1024 * 1024);
    }
}
