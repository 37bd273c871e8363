using System.Net;
using System.Text.Json;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Tests;

public sealed class LiveSettingsTests
{
    private static readonly InstanceSettings s_conf = new()
    {
        Name = "a",
        ConfPath = "/a.conf",
        Server = new ServerSettings { TrustedProxies = [IPNetwork.Parse("10.0.0.0/8")] },
        Ssl = new SslSettings { Default = new CertificateFiles("/c.pem", "/c.pem", null) },
        Hosts = [new VirtualHostSettings([], [new MountSettings("/", new StaticTarget("/srv"), 3)])],
        Clusters = [new ClusterSettings { Name = "@a", Members = [new ClusterMember("a", 1), new ClusterMember("::1", 2, 3)] }],
    };

    [Fact]
    public void The_same_conf_read_again_needs_no_new_process()
    {
        var again = s_conf with
        {
            Server = s_conf.Server with { TrustedProxies = [IPNetwork.Parse("10.0.0.0/8")] },
            Ssl = new SslSettings { Default = new CertificateFiles("/c.pem", "/c.pem", null) },
        };
        Assert.Null(LiveSettings.NeedsNewProcess(s_conf, again));
    }

    [Fact]
    public void A_certificate_whose_line_has_moved_in_the_file_needs_no_new_process()
    {
        var line = new SniCertificate(new HostPattern(HostPatternKind.Exact, "b"), s_conf.Ssl!.Default) { Line = 7 };
        Assert.Null(LiveSettings.NeedsNewProcess(
            s_conf with { Ssl = s_conf.Ssl with { Certificates = [line] } }, s_conf with { Ssl = s_conf.Ssl with { Certificates = [line with { Line = 9 }] } }));
    }

    [Fact]
    public void What_can_be_taken_up_needs_no_new_process_and_arrives()
    {
        var changed = s_conf with
        {
            Server = s_conf.Server with { Threads = 9, Processes = 3, Name = "n", Python = "/py" },
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["A"] = "ä\n\"" },
            Tune = s_conf.Tune with { StaticMaxAge = TimeSpan.Zero, AppTimeout = TimeSpan.FromSeconds(1), SlowRequest = TimeSpan.Zero, MaxRequests = 5, MaxWorkerMemory = 7 },
            Hosts =
            [
                new VirtualHostSettings(
                    [new HostPattern(HostPatternKind.SubdomainsOnly, "b.com")],
                    [
                        new MountSettings("/x", new AppTarget("/srv", "m", "make()"), 4),
                        new MountSettings("/", new StaticTarget("/srv"), 5),
                        new MountSettings("/", new ClusterTarget("@b"), 6),
                    ]),
            ],
            Clusters =
            [
                s_conf.Clusters[0] with
                {
                    Name = "@b", Ssl = true, CaFile = "/ca.pem", Protocol = MemberProtocol.Http2, ResponseTimeout = TimeSpan.FromMilliseconds(1500), Cache = false,
                },
            ],
            Cache = new CacheSettings { Memory = 0, Disk = 1L << 40 },
        };
        Assert.Null(LiveSettings.NeedsNewProcess(s_conf, changed));
        var sent = JsonSerializer.Deserialize<LiveSettings>(JsonSerializer.Serialize(LiveSettings.Of(changed)))!;
        var arrived = sent.ApplyTo(s_conf);
        Assert.Equal(changed.Server, arrived.Server);
        Assert.Equal(changed.Tune, arrived.Tune);
        Assert.Equal("ä\n\"", arrived.Environment["A"]);
        Assert.Equal(changed.Hosts[0].Names, arrived.Hosts[0].Names);
        Assert.Equal(changed.Hosts[0].Mounts, arrived.Hosts[0].Mounts);
        Assert.True(changed.Clusters[0].MeansTheSameAs(Assert.Single(arrived.Clusters)));
        Assert.Equal(changed.Cache, arrived.Cache);
    }

    [Fact]
    public void A_cluster_means_the_same_when_nothing_in_it_has_changed_however_often_it_was_read()
    {
        var cluster = s_conf.Clusters[0];
        var again = cluster with { Members = [.. cluster.Members.Select(member => member with { })] };
        Assert.True(cluster.MeansTheSameAs(again));
        Assert.False(cluster.MeansTheSameAs(again with { Members = [cluster.Members[0], cluster.Members[1] with { Weight = 4 }] }));
        Assert.False(cluster.MeansTheSameAs(again with { Members = [cluster.Members[0]] }));
        Assert.False(cluster.MeansTheSameAs(again with { Name = "@b" }));
        Assert.False(cluster.MeansTheSameAs(again with { CacheHeuristic = true }));
        Assert.False(cluster.MeansTheSameAs(again with { Retries = 1 }));
    }

    [Fact]
    public void A_change_of_anything_else_needs_one()
    {
        Assert.Equal("[server]", LiveSettings.NeedsNewProcess(s_conf, s_conf with { Server = s_conf.Server with { Port = 1 } }));
        Assert.Equal("[server]", LiveSettings.NeedsNewProcess(s_conf, s_conf with { Server = s_conf.Server with { User = "u" } }));
        Assert.Equal("[server]", LiveSettings.NeedsNewProcess(s_conf, s_conf with { Server = s_conf.Server with { TrustedProxies = [] } }));
        Assert.Equal("[tunefactors]", LiveSettings.NeedsNewProcess(s_conf, s_conf with { Tune = s_conf.Tune with { MaxBodySize = 1 } }));
        Assert.Equal("[tunefactors]", LiveSettings.NeedsNewProcess(s_conf, s_conf with { Tune = s_conf.Tune with { ResponseTimeout = TimeSpan.FromSeconds(1) } }));
        Assert.Equal("[ssl]", LiveSettings.NeedsNewProcess(s_conf, s_conf with { Ssl = null }));
        Assert.Equal("[ssl]", LiveSettings.NeedsNewProcess(
            s_conf, s_conf with { Ssl = s_conf.Ssl! with { Certificates = [new SniCertificate(new HostPattern(HostPatternKind.Exact, "b"), s_conf.Ssl.Default)] } }));
    }
}
