using System.Diagnostics;
using System.Net.Sockets;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Supervision;

/// <summary>Ends that do not wait for an app which does not end.</summary>
[Collection(Alone.Name)]
public sealed class PromptEndTests
{
    /// <summary>Requests that last, an end that is put off, and a program of its own.</summary>
    private const string Stubborn = """
        import atexit, subprocess, sys, time
        subprocess.Popen(['sleep', '600'], cwd=sys.path[0])
        atexit.register(time.sleep, 600)
        def app(environ, start_response):
            time.sleep(600)
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The promises are 3.5 s and 1 s; the margin is for a machine that is shared.</summary>
    [Theory]
    [InlineData(4.5, "stop")]
    [InlineData(2, "terminate")]
    [InlineData(2, "-f", "stubborn", "terminate")]
    public async Task An_end_does_not_wait_for_a_request_that_does_not_end(double seconds, params string[] command)
    {
        await using var daemon = new TestDaemon();
        var port = daemon.WriteAppConf("stubborn", Stubborn);
        await daemon.StartAsync();
        using var client = new TcpClient("127.0.0.1", port);
        await client.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), Cancellation);
        await TestDaemon.WaitAsync("the request was in hand", async () =>
            (await daemon.StatusAsync("stubborn")).GetProperty("figures").GetProperty("in_hand").GetInt32() == 1);

        var clock = Stopwatch.StartNew();
        var ended = await daemon.RunAsync(command);

        Assert.True(ended.ExitCode == 0, ended.ToString());
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, seconds);
        Assert.Equal(command[0] == "-f" ? 1 : 0, daemon.Processes().Count);
        Assert.DoesNotContain("is killed", daemon.DaemonLog, StringComparison.Ordinal);
    }
}
