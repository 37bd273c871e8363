using System.Net.Sockets;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Faults;

public sealed class DescriptorTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_instance_without_a_descriptor_left_says_so_once_and_serves_those_who_have_waited()
    {
        await using var daemon = new TestDaemon();
        var port = daemon.WriteStaticConf("example");
        await daemon.StartAsync();
        var url = new Uri($"http://127.0.0.1:{port}/");
        Assert.Equal("hello", await daemon.Client.GetStringAsync(url, Cancellation));
        var pid = await daemon.InstancePidAsync("example");
        var highest = Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd").Max(path => int.Parse(Path.GetFileName(path)));
        var limit = highest + 100; // the last 44 of some 351 are the reserve
        Assert.True(Posix.LimitDescriptors(pid, limit));

        var clients = new List<Socket>();
        try
        {
            for (var i = 0; i < limit; i++)
            {
                var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                clients.Add(client);
                await client.ConnectAsync("127.0.0.1", port, Cancellation); // the kernel answers, whatever the instance does
            }

            await TestDaemon.WaitAsync("the log told of it", () => Told().Any());
            Assert.InRange(Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd").Count(), 1, limit - 30); // the runtime aborts without one left
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        using var another = new HttpClient { Timeout = TestDaemon.Deadline };
        Assert.Equal("hello", await another.GetStringAsync(url, Cancellation));
        Assert.Equal(pid, await daemon.InstancePidAsync("example"));
        Assert.Contains("too many open files; this process may have", Assert.Single(Told()), StringComparison.Ordinal);

        IEnumerable<string> Told() => daemon.InstanceLog("server").Split('\n').Where(line => line.Contains("no connection can be accepted", StringComparison.Ordinal));
    }
}
