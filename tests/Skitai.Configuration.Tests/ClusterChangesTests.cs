using Skitai.Configuration.Reference;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Tests;

public sealed class ClusterChangesTests
{
    private static readonly ClusterSettings s_users = new() { Name = "@users", Members = [new("10.0.0.1", 80), new("10.0.0.2", 80), new("::1", 80, 3)] };

    [Fact]
    public void Members_are_told_of_by_what_becomes_of_them()
    {
        var after = s_users with { Members = [new("10.0.0.2", 80, 5), new("::1", 80, 3), new("10.0.0.3", 80)] };
        Assert.Equal(["@users: 10.0.0.2:80 has weight 5 (was 1), 10.0.0.3:80 added, 10.0.0.1:80 removed"], ClusterChanges.Between([s_users], [after]));
        Assert.Equal(["@users: its members are in another order"], ClusterChanges.Between([s_users], [s_users with { Members = [.. s_users.Members.Reverse()] }]));
    }

    [Fact]
    public void Clusters_come_and_go_and_those_that_stay_as_they_are_are_not_told_of()
    {
        var again = s_users with { Members = [.. s_users.Members] };
        Assert.Empty(ClusterChanges.Between([s_users], [again]));
        Assert.Equal(["@b: new", "@a: gone"], ClusterChanges.Between([s_users with { Name = "@a" }, s_users], [again, again with { Name = "@b" }]));
    }

    [Fact]
    public void Every_key_is_told_of_with_its_old_and_its_new_value()
    {
        var second = TimeSpan.FromSeconds(1);
        (ClusterSettings After, string Expected)[] changes =
        [
            (s_users with { Ssl = true }, "ssl = yes (was no)"),
            (s_users with { Verify = false }, "verify = no (was yes)"),
            (s_users with { CaFile = "/ca.pem" }, "ca_file = /ca.pem (was not set)"),
            (s_users with { SslName = "a" }, "ssl_name = a (was not set)"),
            (s_users with { Protocol = MemberProtocol.Http2 }, "http2 = yes (was auto)"),
            (s_users with { SendsMemberHost = true }, "host = member (was client)"),
            (s_users with { SendsForwarded = true }, "forwarded = yes (was no)"),
            (s_users with { HealthPath = "/h" }, "health_path = /h (was not set)"),
            (s_users with { HealthInterval = second }, "health_interval = 1s (was 10s)"),
            (s_users with { ConnectTimeout = second }, "connect_timeout = 1s (was 5s)"),
            (s_users with { ResponseTimeout = second }, "response_timeout = 1s (was not set)"),
            (s_users with { IdleTimeout = second }, "idle_timeout = 1s (was 60s)"),
            (s_users with { TunnelTimeout = second }, "tunnel_timeout = 1s (was 1h)"),
            (s_users with { MaxFails = 2 }, "max_fails = 2 (was 1)"),
            (s_users with { FailTimeout = 2 * second }, "fail_timeout = 2s (was 1s)"),
            (s_users with { SlowStart = TimeSpan.Zero }, "slow_start = 0 (was 10s)"),
            (s_users with { Retries = 5 }, "retries = 5 (was 2)"),
            (s_users with { Sticky = true }, "sticky = yes (was no)"),
            (s_users with { MaxConnections = 9 }, "max_connections = 9 (was 0)"),
            (s_users with { MaxQueue = 0 }, "max_queue = 0 (was 1000)"),
            (s_users with { Cache = false }, "cache = no (was yes)"),
            (s_users with { CacheCookies = true }, "cache_cookies = yes (was no)"),
            (s_users with { CacheHeuristic = true }, "cache_heuristic = yes (was no)"),
        ];
        Assert.Equal(typeof(ClusterSettings).GetProperties().Length - 2, changes.Length); // but name and members
        foreach (var (after, expected) in changes)
        {
            Assert.Equal([$"@users: {expected}"], ClusterChanges.Between([s_users], [after]));
        }
    }
}
