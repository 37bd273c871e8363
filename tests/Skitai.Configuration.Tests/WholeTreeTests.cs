namespace Skitai.Configuration.Tests;

public sealed class WholeTreeTests : IDisposable
{
    private readonly TreeFixture _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void An_empty_tree_is_right_and_serves_nothing()
    {
        var all = _tree.Tree.ReadAll();
        Assert.NotNull(all.Daemon);
        Assert.Empty(all.Instances);
        Assert.Empty(all.Errors);
    }

    [Fact]
    public void A_root_that_is_not_there_is_an_error()
    {
        var root = Path.Combine(_tree.Root, "none");
        Assert.Equal($"{root}: there is no such directory; 'skitaid init' makes one", Assert.Single(new ConfTree(root).ReadAll().Errors).ToString());
    }

    [Fact]
    public void A_servers_enabled_that_is_no_directory_is_an_error()
    {
        _tree.Write("broken/servers-enabled");
        Assert.Equal(
            $"{_tree.Root}/broken/servers-enabled: is a file, not a directory",
            Assert.Single(new ConfTree(Path.Combine(_tree.Root, "broken")).ReadAll().Errors).ToString());
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "127.0.0.2", false)]
    [InlineData("0.0.0.0", "127.0.0.1", true)]
    [InlineData("::", "127.0.0.1", true)]
    [InlineData("::", "::1", true)]
    [InlineData("::1", "127.0.0.1", false)]
    [InlineData("::1", "0.0.0.0", false)]
    public void Two_instances_on_one_port_are_an_error_if_their_addresses_overlap(string first, string second, bool overlap)
    {
        _tree.Write("servers-enabled/a.conf", $"[server]\nip = {first}\n").Write("servers-enabled/b.conf", $"[server]\nthreads = 1\nport = 5000\nip = {second}\n");
        var all = _tree.Tree.ReadAll();
        Assert.Equal(["a", "b"], all.Instances.Select(instance => instance.Name));
        string Shown(string ip) => ip.Contains(':', StringComparison.Ordinal) ? $"[{ip}]:5000" : $"{ip}:5000";
        Assert.Equal(
            overlap ? [$"b.conf:3: [server] port: {Shown(second)} is taken by the instance 'a' ({Shown(first)})"] : [],
            all.Errors.Select(error => error.ToString()));
    }

    [Fact]
    public void The_default_port_twice_is_an_error_too()
    {
        _tree.Write("servers-enabled/a.conf").Write("servers-enabled/b.conf").Write("servers-enabled/c.conf", "[server]\nport = 5001\n");
        Assert.Equal("b.conf: [server] port: 127.0.0.1:5000 is taken by the instance 'a' (127.0.0.1:5000)", Assert.Single(_tree.Tree.ReadAll().Errors).ToString());
    }

    [Fact]
    public void The_errors_of_all_files_come_together_and_the_good_instances_are_there()
    {
        _tree.Write("skitaid.conf", "[global]\nlog = x\n").Write("servers-enabled/a.conf", "[server]\nport = x\n").Write("servers-enabled/b.conf").Write("servers-enabled/c.conf", "oops");
        var all = _tree.Tree.ReadAll();
        Assert.Equal(["skitaid.conf", "a.conf", "c.conf"], all.Errors.Select(error => error.File));
        Assert.Null(all.Daemon);
        Assert.Equal("b", Assert.Single(all.Instances).Name);
    }

    [Fact]
    public void The_default_python_must_be_there_for_an_app_but_not_for_files()
    {
        _tree.MakeDirectory("static").Write("wsgi.py").Write("servers-enabled/files.conf", "[routes:line]\n/ = ../static\n");
        Assert.Empty(_tree.Tree.ReadAll().Errors);
        _tree.Write("servers-enabled/app.conf", "[server]\nport = 5001\n[routes:line]\n/ = ../wsgi:app\n");
        Assert.Equal(
            "app.conf: its apps need a Python interpreter, and 'python3' is not in PATH; set [server] python, or [global] python in skitaid.conf",
            Assert.Single(_tree.Tree.ReadAll().Errors).ToString());
        _tree.WriteProgram("bin/python3");
        Assert.Empty(_tree.Tree.ReadAll().Errors);
    }
}
