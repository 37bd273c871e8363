using System.Net;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Tests.Apps;

public sealed class AppPoolLifeTests
{
    private const string Working = "def app(e, s):\n    s('200 OK', [])\n    return [b'%s']\n";

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
    public async Task An_app_that_cannot_be_imported_answers_503_until_its_file_is_mended()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("broken.py", "import nothing_of_this_name\n");
        await using var server = await AppServer.StartAsync("broken", directory.Path, processes: 2);
        using (var answer = await server.Client.GetAsync("/", Cancellation))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.DoesNotContain("nothing_of_this_name", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }

        Assert.Contains("ModuleNotFoundError", server.Pool.Status().Problem, StringComparison.Ordinal);
        Assert.Single(server.Output.Lines, line => line.Contains("Traceback", StringComparison.Ordinal));
        directory.Write("broken.py", Working.Replace("%s", "mended", StringComparison.Ordinal));
        await AppServer.UntilAsync(() => server.Pool.Status().Workers.All(worker => worker.State == "ready"), "mended");
        Assert.Equal("mended", await server.GetAsync("/"));
    }

    [Fact]
    public async Task An_interpreter_that_is_not_there_is_reported_and_answers_503()
    {
        await using var server = await AppServer.StartAsync(python: "/no/such/python3");
        using var answer = await server.Client.GetAsync("/", Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("cannot start '/no/such/python3'", server.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reload_takes_new_code_up_and_keeps_the_old_when_the_new_is_broken()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("site1.py", Working.Replace("%s", "one", StringComparison.Ordinal));
        await using var server = await AppServer.StartAsync("site1", directory.Path);
        Assert.Equal("one", await server.GetAsync("/"));
        directory.Write("site1.py", "def app(:\n");
        Assert.Contains("SyntaxError", await server.Pool.ReloadAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal("one", await server.GetAsync("/"));
        directory.Write("site1.py", Working.Replace("%s", "two!", StringComparison.Ordinal));
        Assert.Null(await server.Pool.ReloadAsync(Cancellation));
        Assert.Equal("two!", await server.GetAsync("/"));
    }

    [Fact]
    public async Task An_app_with_use_reloader_is_reloaded_when_a_source_file_changes()
    {
        using var directory = new TemporaryDirectory();
        const string Class = "class A:\n    use_reloader = True\n    def __call__(self, e, s):\n        s('200 OK', [])\n        return [b'%s']\napp = A()\n";
        directory.Write("site2.py", Class.Replace("%s", "one", StringComparison.Ordinal));
        await using var server = await AppServer.StartAsync("site2", directory.Path);
        Assert.Equal("one", await server.GetAsync("/"));
        directory.Write("site2.py", Class.Replace("%s", "three", StringComparison.Ordinal));
        var deadline = DateTime.UtcNow + AppServer.Patience;
        while (await server.GetAsync("/") != "three")
        {
            Assert.True(DateTime.UtcNow < deadline);
            await Task.Delay(50, Cancellation);
        }
    }

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

    [Fact]
    public async Task A_request_that_no_thread_gets_free_for_gets_503_with_Retry_After()
    {
        await using var server = await AppServer.StartAsync(threads: 1, tune: new TuneSettings { ResponseTimeout = TimeSpan.FromSeconds(1) });
        var slow = server.GetAsync("/sleep?4");
        await AppServer.UntilAsync(() => server.Pool.Status().Workers[0].InHand == 1, "in hand");
        using var answer = await server.Client.GetAsync("/a", Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        await slow;
    }

    [Fact]
    public async Task Quick_requests_are_not_held_up_by_sleeping_ones()
    {
        await using var server = await AppServer.StartAsync(processes: 2, threads: 4);
        var sleeping = Enumerable.Range(0, 7).Select(_ => server.GetAsync("/sleep?2")).ToArray();
        await AppServer.UntilAsync(() => server.Pool.Status().Workers.Sum(worker => worker.InHand) == 7, "seven asleep");
        for (var i = 0; i < 20; i++)
        {
            await server.GetAsync("/a");
        }

        Assert.DoesNotContain(sleeping, task => task.IsCompleted);
        await Task.WhenAll(sleeping);
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

    [Fact]
    public async Task A_reload_runs_two_workers_in_one_place_at_a_time_only()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("counted.py", Working.Replace("%s", "x", StringComparison.Ordinal));
        await using var server = await AppServer.StartAsync("counted", directory.Path, processes: 3);
        var first = server.Pool.Status().Workers.Select(worker => worker.Pid).ToArray();
        var most = 0;
        var reload = Task.WhenAll(server.Pool.ReloadAsync(Cancellation), server.Pool.ReloadAsync(Cancellation));
        while (!reload.IsCompleted)
        {
            most = Math.Max(most, LiveWorkers());
            await Task.Delay(5, Cancellation);
        }

        await AppServer.UntilAsync(() => server.Pool.Status().Workers.Count == 3 && LiveWorkers() == 3, "the old ones are gone");
        Assert.DoesNotContain(server.Pool.Status().Workers, worker => first.Contains(worker.Pid));
        Assert.Equal(4, most);

        int LiveWorkers() => Children.CountIn(directory.Path);
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
    public async Task A_place_without_a_worker_shows_no_process()
    {
        await using var server = await AppServer.StartAsync(python: "/no/such/python3");
        var only = Assert.Single(server.Pool.Status().Workers);
        Assert.Null(only.Pid);
        Assert.Contains(only.State, new[] { "failed", "waiting", "starting" });
        Assert.Contains("cannot start", only.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_threads_0_an_app_runs_one_request_at_a_time_and_is_told_so()
    {
        await using var server = await AppServer.StartAsync(threads: 0);
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => server.GetAsync("/alone")));
        Assert.All(answers, answer => Assert.Equal("1 False", answer));
    }

    [Fact]
    public async Task When_a_thousand_requests_wait_the_next_is_refused_at_once()
    {
        await using var server = await AppServer.StartAsync(threads: 1, tune: new TuneSettings { ResponseTimeout = TimeSpan.FromMinutes(1) });
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var slow = server.Client.GetStringAsync("/sleep?60", leave.Token);
        await AppServer.UntilAsync(() => server.Pool.Status().Workers[0].InHand == 1, "in hand");
        var waiting = Enumerable.Range(0, 1000).Select(_ => server.Client.GetStringAsync("/a", leave.Token)).ToArray();
        await AppServer.UntilAsync(() => server.Pool.Status().Waiting == 1000, "the queue is full");
        using (var answer = await server.Client.GetAsync("/a", Cancellation))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
        }

        Assert.Equal(1, server.Pool.Status().Refused);

        // Whose client leaves is taken out of the queue.
        await leave.CancelAsync();
        await AppServer.UntilAsync(() => server.Pool.Status().Waiting == 0, "all have left");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow);
        Assert.DoesNotContain(waiting, task => task.IsCompletedSuccessfully);
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
