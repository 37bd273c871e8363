using System.Text.Json;

namespace Skitai.Engine.Tests.Hosting;

/// <summary>Counts what the process has open, so nothing else may run beside it.</summary>
[Collection(Alone.Name)]
public sealed class LeakTests
{
    [Fact]
    public async Task Nothing_is_left_open_behind_an_instance()
    {
        await RoundAsync();
        var before = Descriptors();
        for (var round = 0; round < 5; round++)
        {
            await RoundAsync();
        }

        // Sockets of the test's own clients are closed with a delay.
        await TestInstances.UntilAsync(() => Descriptors() <= before + 2, $"the descriptors to be closed ({before} before, {Descriptors()} after)");

        // But for assemblies, which the runtime loads when it likes.
        static int Descriptors() =>
            Directory.GetFileSystemEntries("/proc/self/fd").Count(entry => new FileInfo(entry).LinkTarget?.EndsWith(".dll", StringComparison.Ordinal) != true);

        static async Task RoundAsync()
        {
            var directory = Directory.CreateTempSubdirectory("skitaid-leak-").FullName;
            var mount = new TextMount("/");
            await using (var instance = await TestInstances.StartAsync(mount, environment: new InstanceEnvironment { LogDirectory = directory }))
            {
                Assert.True(mount.IsStarted);
                using var http = Http2Tests.Http2Client(instance);
                Assert.Equal("Hello world", await http.GetStringAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken));
                using var client = await RawClient.ConnectAsync(instance.Address);
                await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                Assert.Equal("Hello world", (await client.ReadAsync())!.Body);
                var status = instance.GetStatus();
                Assert.Equal(status.Requests, JsonSerializer.Deserialize<InstanceStatus>(JsonSerializer.Serialize(status))!.Requests);
            }

            Assert.True(mount.IsDisposed);
            Directory.Delete(directory, recursive: true);
        }
    }
}
