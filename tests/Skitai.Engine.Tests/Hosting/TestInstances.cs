using System.Net;
using Skitai.Configuration.Settings;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Tests.Hosting;

/// <summary>Instances for tests: on a free port of the loopback, with a directory for logs where one is wanted.</summary>
internal static class TestInstances
{
    public static InstanceSettings Settings(TuneSettings? tune = null, ServerSettings? server = null, SslSettings? ssl = null) => new()
    {
        Name = "test",
        ConfPath = "/test.conf",
        Server = (server ?? new ServerSettings()) with { Port = 0, Ip = IPAddress.Loopback },
        Tune = tune ?? new TuneSettings(),
        Ssl = ssl,
    };

    public static Task<Instance> StartAsync(Mount mount, TuneSettings? tune = null, InstanceEnvironment? environment = null, SslSettings? ssl = null, ServerSettings? server = null) =>
        Instance.StartAsync(
            Settings(tune, server, ssl),
            environment ?? new InstanceEnvironment(),
            _ => Routes(mount),
            TestContext.Current.CancellationToken);

    /// <summary>The default host with one mount.</summary>
    public static RouteTable Routes(Mount mount) => new([new VirtualHost([], [mount])]);

    /// <summary>Waits for something to become true; no luck, only a deadline.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        for (var end = Environment.TickCount64 + 15_000; !condition();)
        {
            Assert.True(Environment.TickCount64 < end, $"waited in vain for: {what}");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
