using System.Net;

namespace Skitai.Engine.Tests.Apps;

/// <summary>A worker that dies or goes wrong: what becomes of the requests in its hand, and that another takes its place.</summary>
public sealed class WorkerDeathTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_GET_whose_worker_is_killed_is_answered_by_the_next_one()
    {
        await using var server = await AppServer.StartAsync();
        var mark = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            Assert.Equal("lived", await server.GetAsync("/die-once?" + mark));
            Assert.Contains("killed by signal 9", server.Log.ToString(), StringComparison.Ordinal);
            Assert.Equal(1, server.Pool.Status().Workers[0].Restarts);
        }
        finally
        {
            File.Delete(mark);
        }
    }

    [Fact]
    public async Task A_GET_that_ends_its_worker_is_tried_once_more_and_the_log_names_it()
    {
        await using var server = await AppServer.StartAsync();
        using var answer = await server.Client.GetAsync("/exit?now", Cancellation);
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal("GET  /a", await server.GetAsync("/a"));
        var deaths = server.Log.Lines.Where(line => line.Contains(" died: exit 3", StringComparison.Ordinal)).ToArray();
        Assert.Equal(2, deaths.Length);
        Assert.All(deaths, line => Assert.Contains("with this in hand: GET /exit?now ", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_POST_whose_worker_is_killed_gets_502_and_is_not_repeated()
    {
        await using var server = await AppServer.StartAsync();
        var mark = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            using var answer = await server.Client.PostAsync("/die-once?" + mark, null, Cancellation);
            Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        }
        finally
        {
            File.Delete(mark);
        }
    }

    [Fact]
    public async Task Every_GET_is_answered_while_all_workers_are_killed()
    {
        await using var server = await AppServer.StartAsync(processes: 2);
        var pids = server.Pool.Status().Workers.Select(worker => worker.Pid).ToArray();
        var clients = Enumerable.Range(0, 8).Select(async _ =>
        {
            for (var i = 0; i < 100; i++)
            {
                Assert.Equal("GET  /a", await server.GetAsync("/a"));
            }
        }).ToArray();
        foreach (var pid in pids)
        {
            Assert.Equal(0, Descriptor.Kill(pid!.Value, 9));
        }

        await Task.WhenAll(clients);
        await AppServer.UntilAsync(() => server.Pool.Status().Workers.All(worker => worker.State == "ready"), "both back");
    }

    [Fact]
    public async Task A_worker_that_breaks_the_protocol_is_replaced()
    {
        await using var server = await AppServer.StartAsync();
        using var answer = await server.Client.PostAsync("/bad-protocol", null, Cancellation);
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal("GET  /a", await server.GetAsync("/a"));
        Assert.Contains("broke the protocol", server.Log.ToString(), StringComparison.Ordinal);
    }
}
