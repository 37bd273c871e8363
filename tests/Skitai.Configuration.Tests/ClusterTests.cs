using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Tests;

public sealed class ClusterTests : IDisposable
{
    private readonly TreeFixture _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void A_cluster_of_which_only_the_members_are_said_has_the_defaults()
    {
        var cluster = Cluster("members = 127.0.0.1:5001");
        Assert.Equal(new ClusterMember("127.0.0.1", 5001), Assert.Single(cluster.Members));
        Assert.True(cluster.MeansTheSameAs(new ClusterSettings { Name = "@a", Members = [new ClusterMember("127.0.0.1", 5001)] }));
    }

    [Fact]
    public void Every_key_arrives()
    {
        _tree.Write("ca.pem", TestAuthority.Pem);
        var cluster = Cluster("""
            type = http
            members = a:1
            ssl = yes
            ca_file = ../ca.pem
            ssl_name = Internal.Example
            http2 = yes
            host = member
            forwarded = yes
            health_path = /health?deep=1
            health_interval = 3
            connect_timeout = 500ms
            response_timeout = 20
            idle_timeout = 0
            tunnel_timeout = 1d
            max_fails = 3
            fail_timeout = 5
            slow_start = 0
            retries = 0
            sticky = yes
            max_connections = 16
            max_queue = 0
            cache_cookies = yes
            cache_heuristic = yes
            """);
        Assert.True(cluster.MeansTheSameAs(new ClusterSettings
        {
            Name = "@a",
            Members = [new ClusterMember("a", 1)],
            Ssl = true,
            CaFile = Path.Combine(_tree.Root, "ca.pem"),
            SslName = "internal.example",
            Protocol = MemberProtocol.Http2,
            SendsMemberHost = true,
            SendsForwarded = true,
            HealthPath = "/health?deep=1",
            HealthInterval = TimeSpan.FromSeconds(3),
            ConnectTimeout = TimeSpan.FromMilliseconds(500),
            ResponseTimeout = TimeSpan.FromSeconds(20),
            IdleTimeout = TimeSpan.Zero,
            TunnelTimeout = TimeSpan.FromDays(1),
            MaxFails = 3,
            FailTimeout = TimeSpan.FromSeconds(5),
            SlowStart = TimeSpan.Zero,
            Retries = 0,
            Sticky = true,
            MaxConnections = 16,
            MaxQueue = 0,
            CacheCookies = true,
            CacheHeuristic = true,
        }), cluster.ToString());
        Assert.Equal((false, false), (Cluster("members = a:1\nssl = yes\nverify = no").Verify, Cluster("members = a:1\ncache = no").Cache));
    }

    [Theory]
    [InlineData("auto", MemberProtocol.Auto)]
    [InlineData("no", MemberProtocol.Http1)]
    [InlineData("off", MemberProtocol.Http1)]
    [InlineData("yes", MemberProtocol.Http2)]
    public void Http2_is_yes_or_no_or_left_to_the_member(string written, MemberProtocol protocol) =>
        Assert.Equal(protocol, Cluster($"members = a:1\nhttp2 = {written}").Protocol);

    [Fact]
    public void Members_are_names_or_addresses_with_a_port_and_perhaps_a_weight()
    {
        _tree.Set("BACKEND", "10.0.0.7:80");
        var members = Cluster("members = 127.0.0.1:5001, App-1.Internal.:5002 3,[::1]:443\t1000 , [2001:DB8:0:0::1]:65535, a_b:1, ${BACKEND}").Members;
        Assert.Equal(
            [
                new ClusterMember("127.0.0.1", 5001), new ClusterMember("app-1.internal.", 5002, 3), new ClusterMember("::1", 443, 1000),
                new ClusterMember("2001:db8::1", 65535), new ClusterMember("a_b", 1), new ClusterMember("10.0.0.7", 80),
            ],
            members);
        Assert.Equal(["127.0.0.1:5001", "app-1.internal.:5002", "[::1]:443", "[2001:db8::1]:65535", "a_b:1", "10.0.0.7:80"], members.Select(member => member.Authority));
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("localhost:")]
    [InlineData("localhost:0")]
    [InlineData("localhost:65536")]
    [InlineData("localhost:+80")]
    [InlineData(":80")]
    [InlineData("http://a:80")]
    [InlineData("127.1:80")]
    [InlineData("256.0.0.1:80")]
    [InlineData("1:80")]
    [InlineData("[127.0.0.1]:80")]
    [InlineData("[::1]")]
    [InlineData("[::1")]
    [InlineData("[::g]:80")]
    [InlineData("[fe80::1%1]:80")]
    [InlineData("-a:80")]
    public void What_is_no_place_of_a_server_is_an_error(string member) =>
        Assert.Equal(
            [$"example.conf:2: [@a] members: member 2, '{member}', is not host:port with a port of 1 to 65535"],
            _tree.Errors($"[@a]\nmembers = b:1, {member}"));

    [Theory]
    [InlineData("a:80/path")]
    [InlineData("a@b:80")]
    [InlineData("http://user:secret@b:80")]
    [InlineData("localhost:5432/db/user/hunter2")]
    [InlineData("hunter2, b:1/db/user/hunt,er2")]
    public void What_may_hold_a_password_is_not_shown(string member) =>
        Assert.All(
            _tree.Errors($"[@a]\nmembers = b:1, {member}"),
            error => Assert.Matches("^example.conf:2: \\[@a\\] members: member \\d is not host:port with a port of 1 to 65535$", error));

    [Theory]
    [InlineData("::1:5001", "member 1, '::1:5001', is not host:port with a port of 1 to 65535; an IPv6 address stands in brackets: [::1]:5001")]
    [InlineData("a:1 0", "member 1, 'a:1 0', has a weight that is not 1 to 1000")]
    [InlineData("a:1 1001", "member 1, 'a:1 1001', has a weight that is not 1 to 1000")]
    [InlineData("a:1 1.5", "member 1, 'a:1 1.5', has a weight that is not 1 to 1000")]
    [InlineData("a:1 2 3", "member 1, 'a:1 2 3', has more than host:port and a weight")]
    [InlineData("a:1, b:1, A:1 5", "member 3 is member 1 again; a weight gives it more")]
    [InlineData("[::1]:1, [0:0::1]:1", "member 2 is member 1 again; a weight gives it more")]
    [InlineData("", "not set; a cluster without members can do nothing")]
    [InlineData(" , ", "not set; a cluster without members can do nothing")]
    public void Wrong_members_are_an_error(string members, string error) =>
        Assert.Equal([$"example.conf:2: [@a] members: {error}"], _tree.Errors($"[@a]\nmembers = {members}"));

    [Theory]
    [InlineData("htpp", "type", "'htpp' is not one of http, sqlite3, postgresql; did you mean 'http'?")]
    [InlineData("maybe", "http2", "'maybe' is not auto, yes or no")]
    [InlineData("upstream", "host", "'upstream' is not one of client, member")]
    [InlineData("health", "health_path", "'health' is not a path such as /health; it begins with a /, and blanks, # and other than plain ASCII have no place in it")]
    [InlineData("/a b", "health_path", "'/a b' is not a path such as /health; it begins with a /, and blanks, # and other than plain ASCII have no place in it")]
    [InlineData("0", "connect_timeout", "'0' is out of range (100ms to 1h)")]
    [InlineData("50ms", "idle_timeout", "'50ms' is out of range (100ms to 1d, 0 = for ever)")]
    [InlineData("0", "max_fails", "'0' is not a number (1 to 1000)")]
    [InlineData("-1", "retries", "'-1' is not a number (0 to 100)")]
    [InlineData("10.0.0.0/99", "ips", "'10.0.0.0/99' has no prefix length of 0 to 32 after the /")]
    public void A_wrong_value_is_an_error(string written, string key, string error) =>
        Assert.Equal([$"example.conf:3: [@a] {key}: {error}"], _tree.Errors($"[@a]\nmembers = b:1\n{key} = {written}"));

    [Theory]
    [InlineData("verify = no", "verify: is about TLS, and the members are spoken to in clear text without ssl = yes")]
    [InlineData("ssl_name = a", "ssl_name: is about TLS, and the members are spoken to in clear text without ssl = yes")]
    [InlineData("ca_file = ../ca.pem", "ca_file: is about TLS, and the members are spoken to in clear text without ssl = yes")]
    [InlineData("ca_file = ../ca.pem\nssl = yes\nverify = no", "ca_file: is not looked at with verify = no; one of the two has to go")]
    [InlineData("cache_cookies = yes\ncache = no", "cache_cookies: has nothing to say with cache = no")]
    [InlineData("cache_heuristic = yes\ncache = no", "cache_heuristic: has nothing to say with cache = no")]
    public void Keys_that_contradict_each_other_are_an_error(string keys, string error)
    {
        _tree.Write("ca.pem", TestAuthority.Pem);
        Assert.Equal([$"example.conf:3: [@a] {error}"], _tree.Errors($"[@a]\nmembers = b:1\n{keys}"));
    }

    [Theory]
    [InlineData("health_interval = 5")]
    [InlineData("verify = yes\nca_file =\nssl_name =")]
    [InlineData("ssl = yes\nverify = no\nssl_name = a")]
    [InlineData("cache = no\ncache_cookies = no")]
    [InlineData("max_queue = 5")]
    public void Keys_that_only_say_more_than_needed_are_none(string keys) => Assert.NotNull(Cluster($"members = b:1\n{keys}"));

    [Fact]
    public void A_file_of_authorities_is_there_and_has_certificates()
    {
        _tree.Write("empty.pem", "# nothing\n").MakeDirectory("dir")
            .Write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            .Write("two.pem", "a bundle\n" + TestAuthority.Pem + "\n" + TestAuthority.Pem);
        Assert.Equal(Path.Combine(_tree.Root, "two.pem"), Cluster("members = a:1\nssl = yes\nca_file = ../two.pem").CaFile);
        foreach (var (file, error) in new[]
        {
            ("none.pem", $"there is no file '{_tree.Root}/none.pem'"),
            ("dir", $"'{_tree.Root}/dir' is a directory, not a file"),
            ("empty.pem", $"'{_tree.Root}/empty.pem' has no certificate in PEM form (-----BEGIN CERTIFICATE-----)"),
            ("broken.pem", $"'{_tree.Root}/broken.pem' has a broken certificate"),
        })
        {
            Assert.Equal([$"example.conf:4: [@a] ca_file: {error}"], _tree.Errors($"[@a]\nmembers = a:1\nssl = yes\nca_file = ../{file}"));
        }
    }

    [Fact]
    public void A_member_that_is_the_instance_itself_is_a_warning()
    {
        Assert.Equal(
            ["example.conf:4: [@a] members: 127.0.0.1:5000 is where this instance itself listens"],
            WarningsOf("", "127.0.0.1:5000, 127.0.0.1:5001"));
        Assert.Empty(_tree.Read("[server]\nport = 80\n[routes:line]\n/ = @a\n[@a]\nmembers = 127.0.0.1:5000").Warnings);
    }

    [Theory]
    [InlineData("127.0.0.1", "localhost:5000", true)]
    [InlineData("127.0.0.1", "LocalHost.:5000", true)]
    [InlineData("127.0.0.1", "a.localhost:5000", true)]
    [InlineData("127.0.0.1", "localhost:5001", false)]
    [InlineData("127.0.0.1", "nolocalhost:5000", false)]
    [InlineData("127.0.0.1", "127.0.0.2:5000", false)]
    [InlineData("127.0.0.2", "127.0.0.2:5000", true)]
    [InlineData("0.0.0.0", "localhost:5000", true)]
    [InlineData("0.0.0.0", "127.0.0.1:5000", true)]
    [InlineData("0.0.0.0", "[::1]:5000", false)]
    [InlineData("::", "[::1]:5000", true)]
    [InlineData("::", "127.0.0.1:5000", true)]
    [InlineData("10.1.2.3", "localhost:5000", false)]
    [InlineData("10.1.2.3", "10.1.2.3:5000", true)]
    public void It_is_known_by_its_other_names_too(string ip, string member, bool isSelf) =>
        Assert.Equal(isSelf, WarningsOf($"[server]\nip = {ip}\n", member).Any(warning => warning.EndsWith("is where this instance itself listens", StringComparison.Ordinal)));

    [Fact]
    public void All_that_is_wrong_with_clusters_comes_at_once()
    {
        Assert.Equal(
            [
                "example.conf:2: [@users] type: 'htpp' is not one of http, sqlite3, postgresql; did you mean 'http'?",
                "example.conf:3: [@users] members: member 2, 'localhost', is not host:port with a port of 1 to 65535",
                "example.conf:3: [@users] members: member 3, 'a:1 x', has a weight that is not 1 to 1000",
                "example.conf:3: [@users] members: member 4, 'a:1 2 3', has more than host:port and a weight",
                "example.conf:4: [@users] 'helth_path' is not a key of this section; did you mean 'health_path'?",
                "example.conf:5: [@empty] members: not set; a cluster without members can do nothing",
                "example.conf:6: [@a b] is not a cluster's name; it has an @, then letters, digits, '_', '-' and '.'",
            ],
            _tree.Errors("""
                [@users]
                type = htpp
                members = 127.0.0.1:5001 3, localhost, a:1 x, a:1 2 3, [::1]:80
                helth_path = /
                [@empty]
                [@a b]
                members = a:1
                """).OrderBy(error => error, StringComparer.Ordinal));
    }

    [Fact]
    public void Clusters_keep_the_order_of_the_file()
    {
        Assert.Equal(["@b", "@a"], _tree.Settings("[@b]\nmembers = a:1\n[@a]\nmembers = a:1").Clusters.Select(cluster => cluster.Name));
        Assert.Empty(_tree.Settings("").Clusters);
    }

    [Theory]
    [InlineData("", 8 << 20, 0)]
    [InlineData("cache_memory = 64\ncache_disk = 1G", 64 << 20, 1 << 30)]
    [InlineData("cache_memory = 0", 0, 0)]
    [InlineData("cache_memory = 512K", 512 << 10, 0)]
    public void The_cache_has_so_many_bytes(string keys, long memory, long disk) =>
        Assert.Equal(new CacheSettings { Memory = memory, Disk = disk }, _tree.Settings($"[proxypass]\n{keys}").Cache);

    [Theory]
    [InlineData("cache_memory = much", "cache_memory: 'much' is not a size such as 8 (megabytes), 512K, 1G")]
    [InlineData("memory = 8", "'memory' is not a key of this section; there are cache_memory, cache_disk")]
    public void A_wrong_size_of_the_cache_is_an_error(string key, string error) =>
        Assert.Equal([$"example.conf:2: [proxypass] {error}"], _tree.Errors($"[proxypass]\n{key}"));

    private ClusterSettings Cluster(string keys) => Assert.Single(_tree.Settings($"[@a]\n{keys}").Clusters);

    private IEnumerable<string> WarningsOf(string server, string members) =>
        _tree.Read($"{server}[routes:line]\n/ = @a\n[@a]\nmembers = {members}").Warnings.Select(warning => warning.ToString());
}
