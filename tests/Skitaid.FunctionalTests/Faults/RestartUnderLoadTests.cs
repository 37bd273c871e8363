using System.Collections.Concurrent;
using System.Net.Sockets;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Faults;

/// <summary>Restarts and killed workers while clients ask.</summary>
public sealed class RestartUnderLoadTests
{
    private static readonly int s_requests = int.TryParse(Environment.GetEnvironmentVariable("SKITAID_TEST_REQUESTS"), out var said) ? said : 4000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Five_restarts_and_killed_workers_fail_no_request()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"/ = {daemon.AddApp("counting")}:app", "processes = 2");
        var failures = new ConcurrentQueue<string>();
        using var events = new CancellationTokenSource();
        var answered = 0;

        async Task AskAsync(int client)
        {
            using var strict = new KeepAliveClient(port);
            for (var i = 0; Volatile.Read(ref answered) < s_requests || !events.IsCancellationRequested; i++)
            {
                var path = $"/{client}?{i}";
                try
                {
                    var (status, text) = await strict.GetAsync(path);
                    if (text != path)
                    {
                        failures.Enqueue($"{path}: {status} '{text}'");
                    }
                }
                catch (Exception failure) when (failure is IOException or SocketException)
                {
                    failures.Enqueue($"{path} on connection {strict.Connections}: {failure.Message}");
                    break;
                }

                Interlocked.Increment(ref answered);
            }
        }

        var clients = Enumerable.Range(0, 8).Select(client => Task.Run(() => AskAsync(client), Cancellation)).ToArray();
        try
        {
            for (var i = 0; i < 5; i++)
            {
                for (var kills = 0; kills < 3; kills++)
                {
                    var (_, pid) = await daemon.GetAsync(port, "/pid");
                    TestDaemon.Signal(int.Parse(pid), Posix.SigKill);
                    var seen = Volatile.Read(ref answered);
                    await TestDaemon.WaitAsync("the clients had gone on", () => Volatile.Read(ref answered) > seen + 50);
                }

                var restarted = await daemon.RunAsync("-f", "example", "restart");
                Assert.True(restarted.ExitCode == 0, restarted.ToString());
            }
        }
        finally
        {
            await events.CancelAsync();
        }

        await Task.WhenAll(clients).WaitAsync(TestDaemon.Deadline, Cancellation);
        Assert.True(failures.IsEmpty, $"{failures.Count} of {answered} failed:\n{string.Join('\n', failures.Take(10))}\n{daemon.InstanceLog("server")}");
        TestContext.Current.TestOutputHelper?.WriteLine($"{answered} requests");
    }
}
