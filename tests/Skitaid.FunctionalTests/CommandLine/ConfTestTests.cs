using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.CommandLine;

/// <summary><c>skitaid test</c> on confs that people get wrong, and <c>init</c>.</summary>
public sealed class ConfTestTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("[server]\nport = abc", "example.conf:2: [server] port: 'abc' is not a port (1 to 65535)")]
    [InlineData("[server]\nprot = 5000", "example.conf:2: ", "prot", "port")]
    [InlineData("[sever]\nport = 5000", "example.conf:1: ", "sever", "[server]")]
    [InlineData("[server]\nport = 5000\nport = 5001", "example.conf:3: ", "port", "line 2")]
    [InlineData("[server]\nthreads = many", "example.conf:2: [server] threads: 'many'", "0 to 256")]
    [InlineData("[server]\npython = /no/such/python", "example.conf:2: [server] python: ", "/no/such/python")]
    [InlineData("[ssl]\nenable_ssl = yes\ncertfile = /no/such.pem", "example.conf:3: [ssl] certfile: ", "/no/such.pem")]
    [InlineData("[routes:line]\n/ = /no/such/directory", "example.conf:2: [routes] /: '/no/such/directory' is neither a directory nor a Python module: there is no directory '/no/such'")]
    [InlineData("[routes:line]\nnonsense", "example.conf:2: ", "nonsense")]
    [InlineData("[server\nport = 1", "example.conf:1: ", "[server")]
    [InlineData("[server]\nname = ${NO_SUCH_VARIABLE_AT_ALL}", "example.conf:2: ", "NO_SUCH_VARIABLE_AT_ALL")]
    [InlineData("[tunefactors]\nkeep_alive = -1", "example.conf:2: [tunefactors] keep_alive: ", "'-1'")]
    public async Task A_broken_conf_is_one_line_that_says_where_and_what(string conf, params string[] expected)
    {
        await using var daemon = new TestDaemon();
        daemon.WriteConf("example", conf + "\n");

        var result = await daemon.RunAsync("test");

        Assert.Equal(2, result.ExitCode);
        var lines = result.All.Split('\n').Where(line => line.Contains("example.conf:", StringComparison.Ordinal)).ToArray();
        var line = Assert.Single(lines);
        Assert.All(expected, text => Assert.Contains(text, line, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", result.All, StringComparison.Ordinal);

        // And it is not started either.
        var start = await daemon.RunAsync();
        Assert.NotEqual(0, start.ExitCode);
        Assert.Contains(line.Trim(), start.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_errors_of_all_files_are_said_at_once()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteConf("one", "[server]\nport = abc\nthreads = x\n");
        daemon.WriteConf("two", "[server]\nport = 0\n");

        var result = await daemon.RunAsync("test");

        Assert.Equal(2, result.ExitCode);
        foreach (var place in new[] { "one.conf:2: ", "one.conf:3: ", "two.conf:2: " })
        {
            Assert.Contains(place, result.All, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_init_installs_passes_serves_once_it_is_enabled_and_is_never_overwritten()
    {
        await using var daemon = new TestDaemon();
        Directory.Delete(daemon.EtcPath, recursive: true);

        var init = await daemon.RunAsync("init");

        Assert.True(init.ExitCode == 0, init.ToString());
        Assert.Contains("Next:", init.Output, StringComparison.Ordinal);
        var test = await daemon.RunAsync("test");
        Assert.True(test.ExitCode == 0, test.ToString());

        // As a person goes on: a port, places of one's own, something to serve, the link.
        var (port, example) = (TestDaemon.FreePort(), Path.Combine(daemon.EtcPath, "servers-available", "example.conf"));
        await File.WriteAllTextAsync(example, $"[server]\nport = {port}\n[routes:line]\n/ = {daemon.WebPath}\n", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(daemon.EtcPath, "skitaid.conf"), $"[global]\nlog_path = {daemon.LogPath}\nvar_path = {daemon.VarPath}\n", Cancellation);
        File.CreateSymbolicLink(Path.Combine(daemon.EnabledPath, "example.conf"), "../servers-available/example.conf");
        await daemon.StartAsync();
        Assert.Equal("hello", (await daemon.GetAsync(port, "/")).Text);

        var before = await File.ReadAllTextAsync(example, Cancellation);
        var again = await daemon.RunAsync("init");
        Assert.True(again.ExitCode == 0, again.ToString());
        Assert.Contains("kept", again.Output, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(example, Cancellation));
    }

    [Theory]
    [InlineData("strat", "start")]
    [InlineData("statsu", "status")]
    [InlineData("explode", "'explode'")]
    [InlineData("--frobnicate", "--frobnicate")]
    public async Task An_unknown_word_is_named_with_the_nearest_known_one(string word, string expected)
    {
        await using var daemon = new TestDaemon();

        var result = await daemon.RunAsync(word);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(expected, result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.All, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Init_writes_the_places_it_is_given_into_the_conf_and_the_tree_into_the_unit()
    {
        await using var daemon = new TestDaemon();
        Directory.Delete(daemon.EtcPath, recursive: true);
        Directory.CreateDirectory(daemon.Root);

        var init = await daemon.RunAsync("init", "--log-path", daemon.LogPath, "--var-path", daemon.VarPath);

        Assert.True(init.ExitCode == 0, init.ToString());
        var conf = await File.ReadAllTextAsync(Path.Combine(daemon.EtcPath, "skitaid.conf"), Cancellation);
        Assert.Contains($"\nlog_path = {daemon.LogPath}\n", conf, StringComparison.Ordinal);
        Assert.Contains($"\nvar_path = {daemon.VarPath}\n", conf, StringComparison.Ordinal);
        var unit = await File.ReadAllTextAsync(Path.Combine(daemon.EtcPath, "skitaid.service"), Cancellation);
        Assert.Contains($"\nExecStart=/usr/local/bin/skitaid -v --etc \"{daemon.EtcPath}\"\n", unit, StringComparison.Ordinal);
        daemon.WriteStaticConf("example");
        await daemon.StartAsync();
        Assert.True(File.Exists(Path.Combine(daemon.LogPath, "skitaid.log")));
    }

    [Fact]
    public async Task A_place_that_cannot_be_a_directory_is_an_error_of_its_line()
    {
        await using var daemon = new TestDaemon();
        daemon.WriteStaticConf("example");
        var page = Path.Combine(daemon.WebPath, "index.html");
        await File.WriteAllTextAsync(Path.Combine(daemon.EtcPath, "skitaid.conf"), $"[global]\nlog_path = {page}/log\nvar_path = {page}\n", Cancellation);

        var test = await daemon.RunAsync("test");

        Assert.Equal(2, test.ExitCode);
        Assert.Contains($"skitaid.conf:2: [global] log_path: '{page}/log': cannot be made: '{page}' is not a directory", test.Errors, StringComparison.Ordinal);
        Assert.Contains($"skitaid.conf:3: [global] var_path: '{page}': is not a directory", test.Errors, StringComparison.Ordinal);
    }
}
