using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Supervision;

public sealed class LiveConfTests
{
    /// <summary>A conf that goes is drained for as long as an idle client may stay.</summary>
    private const string ShortKeepAlive = "[tunefactors]\nkeep_alive = 1s";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_conf_that_comes_is_served_and_one_that_goes_is_drained()
    {
        await using var daemon = new TestDaemon();
        await daemon.StartAsync();

        var port = daemon.WriteStaticConf("late", ShortKeepAlive);

        await TestDaemon.WaitAsync("the new conf was served", async () => StateOf(await daemon.StatusAsync("late")) == "running");
        Assert.Equal("hello", await daemon.Client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), Cancellation));
        daemon.RemoveConf("late");
        await TestDaemon.WaitAsync("it was gone", async () => StateOf(await daemon.StatusAsync("late")) is null);
        Assert.Single(daemon.Processes());
    }

    [Fact]
    public async Task A_broken_conf_that_comes_is_shown_and_tried_again_when_it_changes()
    {
        await using var daemon = new TestDaemon();
        await daemon.StartAsync();
        daemon.WriteConf("late", "[server]\nport = abc\n");
        await TestDaemon.WaitAsync("the broken conf was shown", async () => StateOf(await daemon.StatusAsync("late")) == "broken");
        Assert.Contains("late.conf:2: ", (await daemon.StatusAsync("late")).GetProperty("last_error").GetString(), StringComparison.Ordinal);
        Assert.Contains("late.conf:2: ", daemon.DaemonLog, StringComparison.Ordinal);

        daemon.WriteStaticConf("late");

        await TestDaemon.WaitAsync("the mended conf was served", async () => StateOf(await daemon.StatusAsync("late")) == "running");
    }

    [Fact]
    public async Task A_broken_conf_is_tried_again_when_what_it_names_has_come()
    {
        await using var daemon = new TestDaemon();
        await daemon.StartAsync();
        var site = Path.Combine(daemon.Root, "site");
        daemon.WriteConf("late", $"[server]\nport = {TestDaemon.FreePort()}\n[routes:line]\n/ = {site}\n");
        await TestDaemon.WaitAsync("the broken conf was shown", async () => StateOf(await daemon.StatusAsync("late")) == "broken");

        Directory.CreateDirectory(site);

        await TestDaemon.WaitAsync("it was served", async () => StateOf(await daemon.StatusAsync("late")) == "running");
        Assert.Single(daemon.DaemonLog.Split('\n'), line => line.Contains("late.conf:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_directory_of_confs_that_vanishes_ends_nothing_and_is_followed_again_when_it_is_back()
    {
        await using var daemon = new TestDaemon();
        var port = daemon.WriteStaticConf("kept", ShortKeepAlive);
        await daemon.StartAsync();
        var aside = daemon.EnabledPath + ".aside";

        Directory.Move(daemon.EnabledPath, aside);
        await TestDaemon.WaitAsync("it was said", () => daemon.DaemonLog.Contains("servers-enabled: is not there; what runs goes on", StringComparison.Ordinal));
        Assert.Equal("running", StateOf(await daemon.StatusAsync("kept")));
        Assert.Equal("hello", await daemon.Client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), Cancellation));
        Assert.Single(daemon.DaemonLog.Split('\n'), line => line.Contains("is not there", StringComparison.Ordinal));

        Directory.Move(aside, daemon.EnabledPath);
        daemon.RemoveConf("kept");
        await TestDaemon.WaitAsync("it was gone", async () => StateOf(await daemon.StatusAsync("kept")) is null);
    }

    [Fact]
    public async Task Status_says_what_is_wrong_with_a_changed_conf_and_keeps_a_death_in_sight()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteStaticConf("example");
        await daemon.StartAsync();
        var first = await daemon.InstancePidAsync("example");
        TestDaemon.Signal(first, Posix.SigKill);
        await daemon.WaitForAnotherProcessAsync("example", first);

        daemon.WriteConf("example", "[server]\nport = abc\n");
        Assert.Equal(2, (await daemon.RunAsync("-f", "example", "reload")).ExitCode);
        var broken = (await daemon.RunAsync("status")).Output;
        Assert.Contains("its conf has changed and is broken: example.conf:2: [server] port: 'abc'", broken, StringComparison.Ordinal);
        Assert.DoesNotContain("takes it up", broken, StringComparison.Ordinal);
        Assert.Contains($"process {first} died: ", broken, StringComparison.Ordinal);
        Assert.Contains("last error: ", broken, StringComparison.Ordinal);

        File.Delete(Path.Combine(daemon.EnabledPath, "example.conf"));
        File.CreateSymbolicLink(Path.Combine(daemon.EnabledPath, "example.conf"), "../servers-available/none.conf");
        Assert.Contains("is broken: example.conf: is a link to '../servers-available/none.conf'", (await daemon.RunAsync("status")).Output, StringComparison.Ordinal);
    }

    private static string? StateOf(System.Text.Json.JsonElement instance) =>
        instance.ValueKind == System.Text.Json.JsonValueKind.Undefined ? null : instance.GetProperty("state").GetString();
}
