using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Faults;

/// <summary>Clients who leave, who stall, and who share a worker with slow ones.</summary>
public sealed class ClientFaultTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public async Task A_generator_is_closed_when_its_client_leaves_and_the_thread_is_free_again(int threads)
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"/ = {daemon.AddApp("gated")}:app", $"threads = {threads}");
        for (var i = 0; i < 6; i++)
        {
            using (var client = await RawClient.ConnectAsync(port))
            {
                await client.SendAsync($"GET /endless?leaver{i} HTTP/1.1\r\nHost: localhost\r\n\r\n");
                await client.ReadUntilAsync("more and more");
            }

            await daemon.WaitForLogAsync("app", $"closed leaver{i}");
        }

        Assert.Equal("quick", (await daemon.GetAsync(port, "/")).Text);
        Assert.DoesNotContain("Traceback", daemon.InstanceLog("app"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quick_requests_pass_by_blocked_ones_while_a_thread_is_free()
    {
        await using var daemon = new TestDaemon();
        var gate = Path.Combine(daemon.Root, "gate");
        Assert.Equal(0, (await ClientProgram.RunAsync("mkfifo", gate)).ExitCode);
        var port = await daemon.ServeAsync(
            $"/ = {daemon.AddApp("gated")}:app", "threads = 4", $"[environment]\nGATE = {gate}\n[tunefactors]\nresponse_timeout = 60");

        // Three of four threads wait; nothing but this test can free them.
        var blocked = Enumerable.Range(0, 3).Select(_ => daemon.Client.GetStringAsync(TestApps.Url(port, "/wait"), Cancellation)).ToArray();
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal("quick", (await daemon.GetAsync(port, "/")).Text);
        }

        Assert.DoesNotContain(blocked, task => task.IsCompleted);

        // Many at once go through the one free thread, too.
        var quick = Enumerable.Range(0, 100).Select(_ => daemon.Client.GetStringAsync(TestApps.Url(port), Cancellation));
        Assert.All(await Task.WhenAll(quick).WaitAsync(TestDaemon.Deadline, Cancellation), text => Assert.Equal("quick", text));
        Assert.DoesNotContain(blocked, task => task.IsCompleted);

        // Each opens the fifo when it gets to it; whoever has it open gets a line.
        while (blocked.Any(task => !task.IsCompleted))
        {
            await using (var writer = new StreamWriter(new FileStream(gate, FileMode.Open, FileAccess.ReadWrite)))
            {
                await writer.WriteAsync("go\ngo\ngo\n");
                await writer.FlushAsync(Cancellation);
                await Task.WhenAny(Task.WhenAll(blocked), Task.Delay(200, Cancellation));
            }
        }

        Assert.All(await Task.WhenAll(blocked).WaitAsync(TestDaemon.Deadline, Cancellation), text => Assert.True(text is "go\n" or "", text));
    }

    [Fact]
    public async Task Quick_requests_among_sleeping_ones_are_all_answered()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"/ = {daemon.AddApp("gated")}:app", "threads = 8");

        async Task<int> AskAsync(string path, string expected, int times)
        {
            for (var i = 0; i < times; i++)
            {
                Assert.Equal(expected, (await daemon.GetAsync(port, path)).Text);
            }

            return times;
        }

        // Four sleepers at a time leave four threads.
        var sleeping = Enumerable.Range(0, 4).Select(_ => AskAsync("/sleep", "slept", 40)).ToArray();
        Assert.Equal(100, await AskAsync("/", "quick", 100));
        Assert.All(await Task.WhenAll(sleeping).WaitAsync(TestDaemon.Deadline, Cancellation), done => Assert.Equal(40, done));
    }
}
