using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Proxy.Commands;

/// <summary><c>skitaid -f NAME member</c>.</summary>
public sealed class MemberTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_drained_member_gets_nothing_new_until_it_is_up_again()
    {
        await using var site = await ClusterSite.StartAsync();
        Assert.Equal(["one", "two"], (await site.AskAsync(60)).Distinct().Order(StringComparer.Ordinal));

        Assert.Equal(
            $"shop: {site.One.Authority} of @users gets nothing new; nothing is in hand\n", await site.OrderAsync(site.One.Authority, "drain"));
        Assert.All(await site.AskAsync(), name => Assert.Equal("two", name));
        Assert.Equal("drained", await site.StateAsync(site.One));

        Assert.Equal($"shop: {site.One.Authority} of @users gets requests again\n", await site.OrderAsync(site.One.Authority, "up"));
        await TestDaemon.WaitAsync("it got requests again", async () => (await site.AskAsync()).Contains("one"));
    }

    [Fact]
    public async Task It_stays_drained_across_reload_restart_and_a_crash()
    {
        await using var site = await ClusterSite.StartAsync();
        await site.OrderAsync(site.One.Authority, "drain");

        site.WriteConf("slow_start = 0\nretries = 5");
        await MustWorkAsync(site.RunAsync("reload"));
        Assert.All(await site.AskAsync(), name => Assert.Equal("two", name));

        await MustWorkAsync(site.RunAsync("restart"));
        Assert.All(await site.AskAsync(), name => Assert.Equal("two", name));

        var pid = await site.Daemon.InstancePidAsync("shop");
        TestDaemon.Signal(pid, Posix.SigKill);
        await site.Daemon.WaitForAnotherProcessAsync("shop", pid);
        Assert.All(await site.AskAsync(), name => Assert.Equal("two", name));
        Assert.Equal("drained", await site.StateAsync(site.One));

        await site.OrderAsync(site.One.Authority, "up");
        await MustWorkAsync(site.RunAsync("restart"));
        Assert.Equal("up", await site.StateAsync(site.One));
    }

    [Fact]
    public async Task A_cluster_that_nothing_mounts_is_listed_as_such_and_at_rest()
    {
        await using var site = await ClusterSite.StartAsync();
        site.WriteConf($"[@orders]\nmembers = {site.One.Authority}\nhealth_path = /health");
        var reloaded = await site.RunAsync("reload");
        Assert.Equal("shop: reloaded; mounts: 1 as before, 0 started, 0 ended\nshop: @users: slow_start = 10s (was 0)\nshop: @orders: new\n", reloaded.Output);
        Assert.EndsWith("\n  cluster @orders: not mounted\n", (await site.RunAsync("member")).Output, StringComparison.Ordinal);
        Assert.Contains("\n  cluster @orders: not mounted\n  cache: ", (await site.Daemon.RunAsync("status")).Output, StringComparison.Ordinal);
        var refused = await site.RunAsync("member", "@orders", site.One.Authority, "drain");
        Assert.Equal((1, "shop: @orders is not mounted\n"), (refused.ExitCode, refused.Errors));
    }

    [Fact]
    public async Task A_reload_says_what_has_changed_in_a_cluster()
    {
        await using var site = await ClusterSite.StartAsync();
        site.WriteConf("slow_start = 0\nretries = 5");
        var reloaded = await site.RunAsync("reload");
        Assert.Equal((0, "shop: reloaded; mounts: 1 as before, 0 started, 0 ended\nshop: @users: retries = 5 (was 2)\n"), (reloaded.ExitCode, reloaded.Output));
        Assert.Contains("instance shop: @users: retries = 5 (was 2)", site.Daemon.DaemonLog, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_drained_member_has_in_hand_ends_and_can_be_waited_for()
    {
        await using var site = await ClusterSite.StartAsync();
        await site.OrderAsync(site.Two.Authority, "drain");
        var held = site.Daemon.Client.GetStringAsync(site.Url("/held"), Cancellation);
        await TestDaemon.WaitAsync("the member had it", () => site.One.Held == 1);
        await site.OrderAsync(site.Two.Authority, "up");

        Assert.Equal(
            $"shop: {site.One.Authority} of @users gets nothing new; 1 request is still in hand\n", await site.OrderAsync(site.One.Authority, "drain"));
        using var waiting = TestDaemon.Start("--etc", site.Daemon.EtcPath, "-f", "shop", "member", "@users", site.One.Authority, "drain", "--wait");
        var printed = waiting.StandardOutput;
        Assert.Equal($"shop: {site.One.Authority} of @users gets nothing new; 1 request is still in hand", await printed.ReadLineAsync(Cancellation));
        Assert.False(waiting.HasExited);
        Assert.Equal("two", (await site.AskAsync(1))[0]);

        site.One.LetGo();
        Assert.Equal("one", await held);
        Assert.Equal($"shop: {site.One.Authority} of @users: nothing is in hand", await printed.ReadLineAsync(Cancellation).AsTask().WaitAsync(TestDaemon.Deadline, Cancellation));
        await waiting.WaitForExitAsync(Cancellation).WaitAsync(TestDaemon.Deadline, Cancellation);
        Assert.Equal(0, waiting.ExitCode);
    }

    [Fact]
    public async Task When_all_are_drained_that_is_said_and_clients_get_503()
    {
        await using var site = await ClusterSite.StartAsync();
        await site.OrderAsync(site.One.Authority, "drain");
        Assert.Contains("shop: note: all members of @users are drained: its requests get 503\n", await site.OrderAsync(site.Two.Authority, "drain"), StringComparison.Ordinal);
        using var answer = await site.Daemon.Client.GetAsync(site.Url("/"), Cancellation);
        Assert.Equal(503, (int)answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    [Fact]
    public async Task A_name_that_is_not_there_is_told_in_one_line_with_those_that_are()
    {
        await using var site = await ClusterSite.StartAsync();
        var known = $"{site.One.Authority}, {site.Two.Authority}";
        foreach (var (words, error) in new (string[], string)[]
        {
            (["@usrs", site.One.Authority, "drain"], "shop: there is no cluster '@usrs'; did you mean '@users'?"),
            (["@orders", site.One.Authority, "up"], "shop: there is no cluster '@orders'; there is @users"),
            (["@orders"], "shop: there is no cluster '@orders'; there is @users"),
            (["@users", "nowhere.example:80", "drain"], $"shop: there is no member of @users 'nowhere.example:80'; there are {known}"),
        })
        {
            var result = await site.RunAsync(["member", .. words]);
            Assert.Equal((1, error + "\n", ""), (result.ExitCode, result.Errors, result.Output));
        }

        var none = await site.Daemon.RunAsync("-f", "shoop", "member");
        Assert.Equal((1, "no instance 'shoop': there are shop\n"), (none.ExitCode, none.Errors));
        var unsaid = await site.RunAsync("member", "@users", site.One.Authority, "dran");
        Assert.Equal(
            (2, $"skitaid: 'dran' is not what can become of {site.One.Authority}: skitaid -f shop member @users {site.One.Authority} drain, or up\n"),
            (unsaid.ExitCode, unsaid.Errors));
    }

    [Fact]
    public async Task Members_are_listed_with_what_they_did_and_why_they_failed()
    {
        await using var site = await ClusterSite.StartAsync();
        await site.Two.RefuseAsync();
        Assert.All(await site.AskAsync(60), name => Assert.Equal("one", name));

        var list = await site.RunAsync("member");
        Assert.Equal(0, list.ExitCode);
        Assert.Matches(@"^  cluster @users: 2 members\n    MEMBER +STATE +WEIGHT +IN HAND +REQUESTS +FAILED +LAST FAILURE\n", list.Output);
        Assert.Matches($@"\n    {site.One.Authority} +up +1 +0 +60 +0  -\n", list.Output);
        Assert.Matches($@"\n    {site.Two.Authority} +(down until [0-9:]+|down, tried next|trying) +1 +0 +[0-9]+ +[0-9]+  20[0-9.]+ [0-9:]+ .*refused", list.Output);
        Assert.Matches(@"\n  cluster @users: 2 members\n    MEMBER +STATE +WEIGHT +IN HAND +REQUESTS +FAILED +LAST FAILURE\n", (await site.Daemon.RunAsync("status")).Output);
        Assert.True((await site.MemberAsync(site.Two)).GetProperty("failures").GetInt64() > 0);

        var json = await site.RunAsync("member", "users", "--json");
        Assert.Equal(0, json.ExitCode);
        using var document = System.Text.Json.JsonDocument.Parse(json.Output);
        Assert.Equal("@users", document.RootElement[0].GetProperty("name").GetString());
    }

    private static async Task MustWorkAsync(Task<CommandResult> command)
    {
        var result = await command;
        Assert.True(result.ExitCode == 0, result.ToString());
    }
}
