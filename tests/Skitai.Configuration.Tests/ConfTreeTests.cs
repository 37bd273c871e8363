using System.Net;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Tests;

public sealed class ConfTreeTests : IDisposable
{
    private readonly TreeFixture _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void An_ordinary_conf_becomes_typed_settings()
    {
        _tree.MakeDirectory("servers-enabled/static").Write("servers-enabled/wsgiapp.py").Write("servers-enabled/flaskapp.py");
        var settings = _tree.Settings("""
            ; the example
            [server]
            threads = 2
            processes = 3
            ip = 0.0.0.0
            port = 5001
            name =
            user = www-data
            trusted_proxies = 10.0.0.0/8, 192.168.1.1

            [tunefactors]
            response_timeout = 500ms
            keep_alive = 1m
            max_body_size = 10M

            [routes:line]
            / = static
            / = wsgiapp:app
            /flask/ = flaskapp:create_app()
            @ www.A.com .b.com
            / = wsgiapp.py
            """);
        Assert.Equal("example", settings.Name);
        Assert.Equal(2, settings.Server.Threads);
        Assert.Equal(3, settings.Server.Processes);
        Assert.Equal(IPAddress.Any, settings.Server.Ip);
        Assert.Equal(5001, settings.Server.Port);
        Assert.Equal("example", settings.Server.Name);
        Assert.Equal("www-data", settings.Server.User);
        Assert.Equal([IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("192.168.1.1/32")], settings.Server.TrustedProxies);
        Assert.Equal(TimeSpan.FromMilliseconds(500), settings.Tune.ResponseTimeout);
        Assert.Equal(TimeSpan.FromMinutes(1), settings.Tune.KeepAlive);
        Assert.Equal(10 * 1024 * 1024, settings.Tune.MaxBodySize);
        Assert.Equal(2, settings.Hosts.Count);
        Assert.Empty(settings.Hosts[0].Names);
        Assert.Equal(
            [
                new MountSettings("/", new StaticTarget(Path.Combine(_tree.Enabled, "static")), 17),
                new MountSettings("/", new AppTarget(_tree.Enabled, "wsgiapp", "app"), 18),
                new MountSettings("/flask", new AppTarget(_tree.Enabled, "flaskapp", "create_app()"), 19),
            ],
            settings.Hosts[0].Mounts);
        Assert.Equal(
            [new HostPattern(HostPatternKind.Exact, "www.a.com"), new HostPattern(HostPatternKind.DomainAndSubdomains, "b.com")],
            settings.Hosts[1].Names);
        Assert.Equal([new MountSettings("/", new AppTarget(_tree.Enabled, "wsgiapp", "app"), 21)], settings.Hosts[1].Mounts);
    }

    [Fact]
    public void An_empty_conf_has_the_defaults_of_the_settings_records()
    {
        var settings = _tree.Settings("");
        Assert.Equal(new TuneSettings(), settings.Tune);
        Assert.Equal(new ServerSettings { Name = "example" }, settings.Server);
        Assert.Null(settings.Ssl);
        Assert.Empty(settings.Hosts);
        Assert.Equal(new DaemonSettings { EtcPath = _tree.Root }, _tree.Tree.ReadDaemon().Settings);
    }

    [Fact]
    public void The_daemon_conf_counts_paths_from_its_own_directory()
    {
        _tree.Write("skitaid.conf", "[global]\nlog_path = log\nvar_path = ${VAR:-../var}\nuser = www-data\n");
        var daemon = _tree.Tree.ReadDaemon();
        Assert.Equal([], daemon.Errors);
        Assert.Equal(Path.Combine(_tree.Root, "log"), daemon.Settings!.LogPath);
        Assert.Equal(Path.GetFullPath(Path.Combine(_tree.Root, "../var")), daemon.Settings.VarPath);
        Assert.Equal("www-data", daemon.Settings.User);
    }

    [Fact]
    public void Instance_names_are_the_visible_conf_files_sorted()
    {
        _tree.Write("servers-enabled/b.conf").Write("servers-enabled/a.conf").Write("servers-enabled/.hidden.conf").Write("servers-enabled/c.conf.bak");
        File.CreateSymbolicLink(Path.Combine(_tree.Enabled, "gone.conf"), "../servers-available/gone.conf");
        Assert.Equal(["a", "b", "gone"], _tree.Tree.InstanceNames());
        Assert.Empty(new ConfTree(Path.Combine(_tree.Root, "no-such")).InstanceNames());
    }

    [Fact]
    public void A_conf_that_is_a_link_to_nowhere_says_so()
    {
        File.CreateSymbolicLink(Path.Combine(_tree.Enabled, "gone.conf"), "../servers-available/gone.conf");
        Assert.Equal(
            "gone.conf: is a link to '../servers-available/gone.conf', which is not there",
            Assert.Single(_tree.Tree.ReadInstance("gone").Errors).ToString());
    }

    [Theory]
    [InlineData("cron")]
    [InlineData("smtpda")]
    public void The_names_of_later_daemons_are_reserved(string name)
    {
        _tree.Write($"servers-enabled/{name}.conf", "[routes:line]\n/ = /usr\n");
        Assert.StartsWith($"{name}.conf: '{name}' is reserved", Assert.Single(_tree.Tree.ReadAll().Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_conf_by_its_name_is_pointed_out()
    {
        _tree.Write("servers-enabled/shop", "[server]\n").Write("servers-enabled/.hidden").Write("servers-enabled/a.conf~");
        Assert.Equal($"shop: is not read: confs in {_tree.Enabled} end in .conf", Assert.Single(_tree.Tree.ReadAll().Warnings).ToString());
    }

    [Fact]
    public void All_wrong_proxies_are_named()
    {
        var error = Assert.Single(_tree.Errors("[server]\ntrusted_proxies = 10.0.0.0/8, nobody, 10.1.1.1/8, 1.2.3.4/40"));
        foreach (var wrong in new[] { "'nobody' is not", "'10.1.1.1/8' has bits", "'1.2.3.4/40' has no" })
        {
            Assert.Contains(wrong, error, StringComparison.Ordinal);
        }
    }
}
