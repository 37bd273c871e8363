using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Supervision;

/// <summary>Apps that cannot be loaded: whoever starts or restarts them is told.</summary>
public sealed class BrokenMountTests
{
    private const string Broken = "import no_such_module_here\n";

    private const string Fine = """
        def app(environ, start_response):
            start_response('200 OK', [])
            return [b'fine']
        """;

    private const string Says = "x: /m cannot serve: ModuleNotFoundError: No module named 'no_such_module_here'";

    [Fact]
    public async Task A_start_and_a_restart_say_which_mount_cannot_serve_and_succeed_when_others_can()
    {
        await using var daemon = new TestDaemon();
        Write(daemon, $"/m = {daemon.WriteApp("bad", Broken)}:app\n/ = {daemon.WebPath}");

        var started = await daemon.RunAsync();
        var restarted = await daemon.RunAsync("restart");

        Assert.Equal(0, started.ExitCode);
        Assert.Contains("warning: " + Says, started.Errors, StringComparison.Ordinal);
        Assert.Contains("skitaid runs: pid", started.Output, StringComparison.Ordinal);
        Assert.Equal(0, restarted.ExitCode);
        Assert.Contains(Says, restarted.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restart_or_reload_after_which_nothing_of_an_instance_works_is_no_success_until_it_is_mended()
    {
        await using var daemon = new TestDaemon();
        Write(daemon, $"/m = {daemon.WriteApp("bad", Broken)}:app");
        await daemon.StartAsync();

        foreach (var command in new[] { "restart", "reload" })
        {
            var renewed = await daemon.RunAsync("-f", "x", command);
            Assert.Equal(1, renewed.ExitCode);
            Assert.Contains(Says, renewed.Errors, StringComparison.Ordinal);
        }

        daemon.WriteApp("bad", Fine);
        var mended = await daemon.RunAsync("-f", "x", "restart");
        Assert.True(mended.ExitCode == 0, mended.ToString());
        Assert.DoesNotContain("cannot serve", mended.Output + mended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_conf_that_came_and_is_started_by_restart_says_it_as_well()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteStaticConf("other");
        await daemon.StartAsync();
        var app = daemon.WriteApp("bad", Broken);
        Write(daemon, $"/m = {app}:app\n/ = {daemon.WebPath}");
        var renewed = await daemon.RunAsync("-f", "x", "restart");
        Assert.Equal(0, renewed.ExitCode);
        Assert.Contains(Says, renewed.Output, StringComparison.Ordinal);
    }

    private static void Write(TestDaemon daemon, string routes) =>
        daemon.WriteConf("x", $"[server]\nport = {TestDaemon.FreePort()}\npython = {TestApps.DebianPython}\n[routes:line]\n{routes}\n");
}
