using Skitai.Configuration.Settings;
using Skitai.Engine.Routing;
using Skitai.Engine.Tests.Hosting;

namespace Skitai.Engine.Tests.Routing;

public sealed class RoutingTests
{
    [Theory]
    [InlineData("/users", "users")]
    [InlineData("/users/1", "users")]
    [InlineData("/usersx", "root")]
    [InlineData("/users/admin/x", "admin")]
    [InlineData("/", "root")]
    [InlineData("/first", "first")]
    public async Task Longer_paths_are_asked_first_then_file_order(string path, string answer)
    {
        await using var instance = await StartAsync(
            ("/", "root"), ("/users", "users"), ("/users/admin", "admin"), ("/first", "pass"), ("/first", "first"), ("/first", "second"));
        Assert.Equal((200, answer), await GetAsync(instance, path));
    }

    [Theory]
    [InlineData("/none", 404, null)]
    [InlineData("/static", 405, "GET, HEAD")]
    public async Task When_nobody_answers_the_status_says_why(string path, int status, string? allow)
    {
        await using var instance = await StartAsync(("/static", "not allowed"), ("/", "pass"));
        using var client = await RawClient.ConnectAsync(instance.Address);
        await client.SendAsync($"DELETE {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        var answer = await client.ReadAsync();
        Assert.Equal((status, allow), (answer!.Status, answer["Allow"]));
    }

    [Theory]
    [InlineData("a.com", "default")]
    [InlineData("B.com:99", "b")]
    [InlineData("x.b.com.", "b")]
    public async Task The_host_chooses_the_virtual_host(string host, string answer)
    {
        var routes = new RouteTable(
        [
            new VirtualHost([], [Answering("/", "default")]),
            new VirtualHost([new HostPattern(HostPatternKind.DomainAndSubdomains, "b.com")], [Answering("/", "b")]),
        ]);
        await using var instance = await Instance.StartAsync(
            TestInstances.Settings(), new InstanceEnvironment(), _ => routes, TestContext.Current.CancellationToken);
        Assert.Equal((200, answer), await GetAsync(instance, "/", host));
        Assert.Equal(["", ".b.com"], instance.GetStatus().Mounts.Select(mount => mount.Host));
    }

    [Fact]
    public async Task A_host_nobody_serves_gets_404()
    {
        var routes = new RouteTable([new VirtualHost([new HostPattern(HostPatternKind.Exact, "b.com")], [Answering("/", "b")])]);
        await using var instance = await Instance.StartAsync(
            TestInstances.Settings(), new InstanceEnvironment(), _ => routes, TestContext.Current.CancellationToken);
        Assert.Equal(404, (await GetAsync(instance, "/", "a.com")).Status);
        Assert.Equal(200, (await GetAsync(instance, "/", "b.com")).Status);
    }

    private static async Task<(int Status, string Body)> GetAsync(Instance instance, string path, string host = "a")
    {
        using var client = await RawClient.ConnectAsync(instance.Address);
        await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        var answer = await client.ReadAsync();
        return (answer!.Status, answer.Body);
    }

    private static TextMount Answering(string path, string answer) => new(path, answer switch
    {
        "pass" => _ => new(MountOutcome.NotFound),
        "not allowed" => async _ =>
        {
            await Task.Yield();
            return MountOutcome.MethodNotAllowed;
        }
        ,
        _ => exchange => TextMount.WriteAsync(exchange, answer),
    });

    private static Task<Instance> StartAsync(params (string Path, string Answer)[] mounts) => Instance.StartAsync(
        TestInstances.Settings(), null, [.. mounts.Select(mount => Answering(mount.Path, mount.Answer))], TestContext.Current.CancellationToken);
}
