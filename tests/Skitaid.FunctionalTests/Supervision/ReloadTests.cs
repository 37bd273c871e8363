using System.Net;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Supervision;

public sealed class ReloadTests
{
    private const string App = """
        import os
        def app(environ, start_response):
            start_response('200 OK', [])
            return [f"{os.getpid()} {os.environ.get('WORD', '-')}".encode()]
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reload_adds_and_changes_mounts_and_leaves_the_other_apps_workers_alone()
    {
        await using var daemon = new TestDaemon();
        var (one, two) = (daemon.WriteApp("one", App), daemon.WriteApp("two", App));
        var port = await daemon.ServeAsync($"/one = {one}", Python);
        var pid = await daemon.InstancePidAsync("example");
        var before = (await daemon.GetAsync(port, "/one/")).Text;

        Write(daemon, port, $"/one = {one}\n/two = {two}\n@ b.test\n/ = {daemon.WebPath}");
        Assert.True((await daemon.StatusAsync("example")).GetProperty("conf_changed").GetBoolean());
        Assert.Contains($"'skitaid --etc {daemon.EtcPath} -f example reload' takes it up", (await daemon.RunAsync("status")).Output, StringComparison.Ordinal);
        var reloaded = await daemon.RunAsync("-f", "example", "reload");

        Assert.Equal((0, "example: reloaded; mounts: 1 as before, 2 started, 0 ended\n"), (reloaded.ExitCode, reloaded.Output));
        Assert.False((await daemon.StatusAsync("example")).GetProperty("conf_changed").GetBoolean());
        Assert.Equal(pid, await daemon.InstancePidAsync("example"));
        Assert.Equal(before, (await daemon.GetAsync(port, "/one/")).Text);
        Assert.EndsWith(" -", (await daemon.GetAsync(port, "/two/")).Text, StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Get, TestApps.Url(port)) { Headers = { Host = "b.test" } };
        using var answer = await daemon.Client.SendAsync(request, Cancellation);
        Assert.Equal("hello", await answer.Content.ReadAsStringAsync(Cancellation));

        Write(daemon, port, $"/one = {one}", "[environment]\nWORD = new");
        Assert.Equal(0, (await daemon.RunAsync("reload")).ExitCode);
        Assert.Equal(pid, await daemon.InstancePidAsync("example"));
        Assert.EndsWith(" new", (await daemon.GetAsync(port, "/one/")).Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await daemon.GetAsync(port, "/two/")).Status);
    }

    [Fact]
    public async Task A_reload_of_an_unchanged_conf_says_so()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"/ = {daemon.WriteApp("one", App)}", Python);
        var before = await daemon.GetAsync(port, "/");
        var reloaded = await daemon.RunAsync("reload");
        Assert.Equal(0, reloaded.ExitCode);
        Assert.Contains("example: nothing to change", reloaded.Output, StringComparison.Ordinal);
        Assert.Equal(before, await daemon.GetAsync(port, "/"));
    }

    [Fact]
    public async Task What_a_running_process_cannot_take_up_becomes_a_restart()
    {
        await using var daemon = new TestDaemon();
        await daemon.ServeAsync($"/ = {daemon.WebPath}");
        var pid = await daemon.InstancePidAsync("example");
        var port = TestDaemon.FreePort();
        Write(daemon, port, $"/ = {daemon.WebPath}");
        var reloaded = await daemon.RunAsync("-f", "example", "reload");
        Assert.Equal(0, reloaded.ExitCode);
        Assert.StartsWith("example: a change in [server] needs a new process\nexample: restarted", reloaded.Output, StringComparison.Ordinal);
        Assert.NotEqual(pid, await daemon.InstancePidAsync("example"));
        Assert.Equal("hello", (await daemon.GetAsync(port, "/")).Text);
    }

    [Fact]
    public async Task A_broken_conf_is_refused_and_an_app_that_would_not_load_any_more_is_too()
    {
        await using var daemon = new TestDaemon();
        var one = daemon.WriteApp("one", App);
        var port = await daemon.ServeAsync($"/ = {one}", Python);
        var before = await daemon.GetAsync(port, "/");

        daemon.WriteConf("example", "[server]\nport = abc\n");
        var broken = await daemon.RunAsync("-f", "example", "reload");
        Assert.Equal(2, broken.ExitCode);
        Assert.Contains("example.conf:2: ", broken.Errors, StringComparison.Ordinal);

        Write(daemon, port, $"/ = {daemon.WriteApp("bad", "1/0\n")}");
        var refused = await daemon.RunAsync("-f", "example", "reload");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("/ works now and would not any more: ZeroDivisionError", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(before, await daemon.GetAsync(port, "/"));

        Assert.Equal(0, (await daemon.RunAsync("-f", "example", "reload", "--force")).ExitCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await daemon.GetAsync(port, "/")).Status);
    }

    [Fact]
    public async Task A_renamed_virtual_host_is_taken_up_and_told_of()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"@ a.test\n/ = {daemon.WebPath}", Python);
        var pid = await daemon.InstancePidAsync("example");

        Write(daemon, port, $"@ b.test\n/ = {daemon.WebPath}");
        var reloaded = await daemon.RunAsync("reload");

        Assert.Equal((0, "example: reloaded; mounts: 1 as before, 0 started, 0 ended\n"), (reloaded.ExitCode, reloaded.Output));
        Assert.Contains($"example: process {pid} has taken up its changed conf; mounts: 1 as before", daemon.DaemonLog, StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Get, TestApps.Url(port)) { Headers = { Host = "b.test" } };
        using var answer = await daemon.Client.SendAsync(request, Cancellation);
        Assert.Equal("hello", await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.Contains("example: nothing to change", (await daemon.RunAsync("reload")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reload_that_takes_its_time_is_called_off_by_a_stop_of_its_instance()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"/ = {daemon.WebPath}", Python);
        var marker = Path.Combine(daemon.Root, "importing");
        Write(daemon, port, $"/ = {daemon.WriteApp("slow", $"import time\nopen('{marker}', 'w').close()\ntime.sleep(110)\n" + App)}");
        var reloading = daemon.RunAsync("-f", "example", "reload");
        await TestDaemon.WaitAsync("the app was being imported", () => File.Exists(marker));

        Assert.Equal(0, (await daemon.RunAsync("-f", "example", "terminate")).ExitCode);
        var reloaded = await reloading;

        Assert.Equal(1, reloaded.ExitCode);
        Assert.Contains("example: not reloaded: the daemon or the instance was told to stop\n", reloaded.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_instance_that_dies_while_its_conf_is_being_edited_comes_back_with_what_was_taken_up_last()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync("/ = " + daemon.WebPath);
        daemon.WriteConf("example", "[server]\nport = abc\n");
        await File.AppendAllTextAsync(Path.Combine(daemon.EtcPath, "skitaid.conf"), "nonsense\n", Cancellation);
        var pid = await daemon.InstancePidAsync("example");

        TestDaemon.Signal(pid, Posix.SigKill);

        await daemon.WaitForAnotherProcessAsync("example", pid);
        Assert.Equal("hello", (await daemon.GetAsync(port, "/")).Text);
    }

    private const string Python = "python = " + TestApps.DebianPython;

    private static void Write(TestDaemon daemon, int port, string routes, string more = "") =>
        daemon.WriteConf("example", $"[server]\nport = {port}\n{Python}\n{more}\n[routes:line]\n{routes}\n");
}
