using System.Net;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Tests.Apps;

/// <summary>Which request gets a thread, and what those get that must wait.</summary>
public sealed class AppQueueTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

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
        server.Pool.Kill(); // else the end waits for the minute's sleep
    }
}
