namespace Skitai.Configuration.Tests;

/// <summary>What comes with a later version: checked, refused when asked for, accepted when it asks for nothing.</summary>
public sealed class LaterFeatureTests : IDisposable
{
    private readonly TreeFixture _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void The_2016_conf_loads_but_for_its_databases()
    {
        _tree.MakeDirectory("static").Write("webapp.py");
        Assert.Equal(
            ["example.conf:38: [@sqlite3] type: databases are not available in this version yet"],
            _tree.Errors("""
                [server]
                threads = 4
                processes = 2
                ip = 127.0.0.1
                port = 5000
                name =

                [ssl]
                enable_ssl = no
                certfile = server.pem
                keyfile = server.key
                passphrase =

                [tunefactors]
                static_max_age = 300
                response_timeout = 10
                keep_alive = 10
                num_result_cache_max = 200

                [proxypass]
                cache_memory = 8
                cache_disk = 0

                [api-gateway]
                authenticate = no
                realm = API Gateway

                [routes:line]
                / = ../static
                / = ../webapp
                /about = @python

                [@python]
                ssl = yes
                members = www.python.org:443

                [@sqlite3]
                type = sqlite3
                members = /var/wsgi/example/resources/sqlite3.db
                """));
    }

    [Theory]
    [InlineData("[@a]\nmembers = b:1\nroles =\nips = ,")]
    [InlineData("[tunefactors]\nnum_result_cache_max = 0")]
    [InlineData("[api-gateway]\nenable_gateway = no\nauthenticate = no\nrealm = Mine\nsecret_key = s\nalgorithms = HS256, ES512\nleeway = 5s\nrate_limit = 100/s burst 200\npublic_key = none.pem\njwks = https://a/b\nissuer = i\naudience = a")]
    public void A_key_that_asks_for_nothing_is_accepted(string conf)
    {
        Assert.NotNull(_tree.Settings(conf));
    }

    [Theory]
    [InlineData("[@a]\nroles = admin\nmembers = b:1", "[@a] roles: the API gateway is not available in this version yet")]
    [InlineData("[@a]\nips = 10.0.0.0/8\nmembers = b:1", "[@a] ips: the API gateway is not available in this version yet")]
    [InlineData("[@a]\ntype = sqlite3\nmembers = a.db", "[@a] type: databases are not available in this version yet")]
    [InlineData("[tunefactors]\nnum_result_cache_max = 500", "[tunefactors] num_result_cache_max: the result cache is not available in this version yet")]
    [InlineData("[api-gateway]\nenable_gateway = yes", "[api-gateway] enable_gateway: the API gateway is not available in this version yet")]
    [InlineData("[api-gateway]\nauthenticate = yes", "[api-gateway] authenticate: the API gateway is not available in this version yet")]
    public void A_key_that_asks_for_something_is_refused(string conf, string error)
    {
        Assert.Equal([$"example.conf:2: {error}"], _tree.Errors(conf));
    }

    [Theory]
    [InlineData("[api-gateway]\nalgorithms = HS256, none", "[api-gateway] algorithms: 'none' is not one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512")]
    [InlineData("[api-gateway]\nrate_limit = often", "[api-gateway] rate_limit: 'often' is not a rate such as 100/s, 1000/m or 100/s burst 200")]
    [InlineData("[api-gateway]\nleeway = 2h", "[api-gateway] leeway: '2h' is out of range (0 to 1h)")]
    public void Its_values_are_checked_all_the_same(string conf, string error)
    {
        Assert.Equal([$"example.conf:2: {error}"], _tree.Errors(conf));
    }

    [Fact]
    public void A_database_that_is_refused_is_checked_all_the_same_and_its_password_is_in_no_message()
    {
        Assert.Equal(
            [
                "example.conf:2: [@db] type: databases are not available in this version yet",
                "example.conf:3: [@db] members: member 2 is not host:port/db/user/password",
                "example.conf:4: [@db] sticky: is for clusters of type http only; this one is of type postgresql",
            ],
            _tree.Errors("[@db]\ntype = postgresql\nmembers = localhost:5432/db/user/hunter2, localhost/hunter2\nsticky = yes"));
        Assert.Equal(
            ["example.conf:2: [@db] members: member 1 is not host:port with a port of 1 to 65535"],
            _tree.Errors("[@db]\nmembers = localhost:5432/db/user/hunter2"));
    }

    [Fact]
    public void Mail_and_jobs_in_the_daemon_conf_are_refused_once_they_ask()
    {
        _tree.Write("skitaid.conf", "[smtpda]\nsmtpserver =\nuser =\npassword =\nssl = no\nmax_retry = 10\nundelivers_keep_max_days = 30\n[crontab:line]\n; none\n");
        Assert.Equal([], _tree.Tree.ReadDaemon().Errors);
        _tree.Write("skitaid.conf", "[smtpda]\nsmtpserver = 127.0.0.1:25\nmax_retry = x\n[crontab:line]\n*/2 * * * * true\n");
        Assert.Equal(
            [
                "skitaid.conf:2: [smtpda] smtpserver: mail delivery is not available in this version yet",
                "skitaid.conf:3: [smtpda] max_retry: 'x' is not a number (0 to 1000)",
                "skitaid.conf:5: [crontab] the job scheduler is not available in this version yet",
            ],
            _tree.Tree.ReadDaemon().Errors.Select(error => error.ToString()));
    }
}
