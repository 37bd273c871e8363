using System.Text.Json;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Proxy.Commands;

/// <summary>A daemon with an instance <c>shop</c> whose root is a cluster <c>@users</c> of two members, <c>one</c> and <c>two</c>.</summary>
internal sealed class ClusterSite : IAsyncDisposable
{
    private ClusterSite(string fields)
    {
        (One, Two) = (new NamedMember("one", fields), new NamedMember("two", fields));
        WriteConf();
    }

    public TestDaemon Daemon { get; } = new();

    public int Port { get; } = TestDaemon.FreePort();

    public NamedMember One { get; }

    public NamedMember Two { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Starts all of it.</summary>
    /// <param name="fields">Lines of the members' answers.</param>
    public static async Task<ClusterSite> StartAsync(string fields = "Cache-Control: no-store\r\n")
    {
        var site = new ClusterSite(fields);
        await site.Daemon.StartAsync();
        return site;
    }

    /// <summary>Writes the conf.</summary>
    /// <param name="more">More of the cluster.</param>
    public void WriteConf(string more = "slow_start = 0") => Daemon.WriteConf(
        "shop", $"[server]\nport = {Port}\n[routes:line]\n/ = @users\n[@users]\nmembers = {One.Authority}, {Two.Authority}\n{more}\n");

    public Uri Url(string path) => new($"http://127.0.0.1:{Port}{path}");

    /// <summary>Who answers a number of requests, one after the other.</summary>
    public async Task<string[]> AskAsync(int times = 20)
    {
        var names = new string[times];
        for (var i = 0; i < times; i++)
        {
            names[i] = await Daemon.Client.GetStringAsync(Url("/"), Cancellation);
        }

        return names;
    }

    /// <summary><c>skitaid -f shop ...</c>.</summary>
    public Task<CommandResult> RunAsync(params string[] words) => Daemon.RunAsync(["-f", "shop", .. words]);

    /// <summary><c>skitaid -f shop member @users ...</c>, which has to work.</summary>
    /// <returns>What it printed.</returns>
    public async Task<string> OrderAsync(params string[] words)
    {
        var result = await RunAsync(["member", "@users", .. words]);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Output;
    }

    /// <summary>The state of a member in <c>status --json</c>.</summary>
    public async Task<JsonElement> MemberAsync(NamedMember member)
    {
        var cluster = (await Daemon.StatusAsync("shop")).GetProperty("figures").GetProperty("clusters")[0];
        return cluster.GetProperty("members").EnumerateArray().Single(one => one.GetProperty("member").GetString() == member.Authority);
    }

    public async Task<string> StateAsync(NamedMember member) => (await MemberAsync(member)).GetProperty("state").GetString()!;

    public async ValueTask DisposeAsync()
    {
        await Daemon.DisposeAsync();
        await One.DisposeAsync();
        await Two.DisposeAsync();
    }
}
