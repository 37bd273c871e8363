using System.Net;

namespace Skitai.Configuration.Tests;

public sealed class ValueTests : IDisposable
{
    private readonly TreeFixture _tree = new();

    public void Dispose() => _tree.Dispose();

    [Theory]
    [InlineData("10", 10_000)]
    [InlineData("0.5", 500)]
    [InlineData("500ms", 500)]
    [InlineData("10s", 10_000)]
    [InlineData("5m", 300_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1.5 m", 90_000)]
    [InlineData("2M", 120_000)]
    public void A_duration_is_seconds_or_has_a_unit(string written, double milliseconds)
    {
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), _tree.Settings($"[tunefactors]\nresponse_timeout = {written}").Tune.ResponseTimeout);
    }

    [Theory]
    [InlineData("-1", "'-1' is not a duration such as 10 (seconds), 500ms, 10s, 5m, 2h, 1d")]
    [InlineData("s", "'s' is not a duration such as 10 (seconds), 500ms, 10s, 5m, 2h, 1d")]
    [InlineData("1e3", "'1e3' is not a duration such as 10 (seconds), 500ms, 10s, 5m, 2h, 1d")]
    [InlineData("1,5", "'1,5' is not a duration such as 10 (seconds), 500ms, 10s, 5m, 2h, 1d")]
    [InlineData("0", "'0' is out of range (100ms to 1h)")]
    [InlineData("99ms", "'99ms' is out of range (100ms to 1h)")]
    [InlineData("3601", "'3601' is out of range (100ms to 1h)")]
    [InlineData("9999999999999999999d", "'9999999999999999999d' is out of range (100ms to 1h)")]
    public void A_wrong_duration_is_an_error(string written, string error)
    {
        Assert.Equal([$"example.conf:2: [tunefactors] response_timeout: {error}"], _tree.Errors($"[tunefactors]\nresponse_timeout = {written}"));
    }

    [Fact]
    public void Zero_is_allowed_where_it_has_a_meaning()
    {
        var tune = _tree.Settings("[tunefactors]\napp_timeout = 0\nslow_request = 0s\nmax_body_size = 0\nmax_worker_memory = 0\nmax_connections = 0\nstatic_max_age = 0").Tune;
        Assert.Equal(TimeSpan.Zero, tune.AppTimeout);
        Assert.Equal(TimeSpan.Zero, tune.SlowRequest);
        Assert.Equal(0, tune.MaxBodySize);
        Assert.Equal(TimeSpan.Zero, tune.StaticMaxAge);
    }

    [Theory]
    [InlineData("2048", 2048)]
    [InlineData("512K", 512 * 1024)]
    [InlineData("10M", 10 * 1024 * 1024)]
    [InlineData("1g", 1024 * 1024 * 1024)]
    [InlineData("1.5K", 1536)]
    public void A_size_is_bytes_or_has_a_unit(string written, long bytes)
    {
        Assert.Equal(bytes, _tree.Settings($"[tunefactors]\nmax_body_size = {written}").Tune.MaxBodySize);
    }

    [Theory]
    [InlineData("10MB", "'10MB' is not a size such as 10M (megabytes), 512K, 1G, or a number of bytes")]
    [InlineData("-5", "'-5' is not a size such as 10M (megabytes), 512K, 1G, or a number of bytes")]
    [InlineData("10", "'10' is out of range (1K to 1024G, 0 = no limit)")]
    public void A_wrong_size_is_an_error(string written, string error)
    {
        Assert.Equal([$"example.conf:2: [tunefactors] max_body_size: {error}"], _tree.Errors($"[tunefactors]\nmax_body_size = {written}"));
    }

    [Theory]
    [InlineData("65536")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("80.0")]
    [InlineData("0x50")]
    [InlineData("99999999999999999999")]
    public void A_wrong_port_is_an_error(string written)
    {
        Assert.Equal([$"example.conf:2: [server] port: '{written}' is not a port (1 to 65535)"], _tree.Errors($"[server]\nport = {written}"));
    }

    [Theory]
    [InlineData("'5000'", "; quotes count as a part of the value: leave them out")]
    [InlineData("\"5000\"", "; quotes count as a part of the value: leave them out")]
    [InlineData("7321 # http", "; a comment needs a line of its own")]
    public void Quotes_and_comments_around_a_value_get_a_hint(string written, string hint)
    {
        Assert.Equal([$"example.conf:2: [server] port: '{written}' is not a port (1 to 65535){hint}"], _tree.Errors($"[server]\nport = {written}"));
    }

    [Theory]
    [InlineData("yes", true)]
    [InlineData("True", true)]
    [InlineData("ON", true)]
    [InlineData("1", true)]
    [InlineData("no", false)]
    [InlineData("false", false)]
    [InlineData("off", false)]
    [InlineData("0", false)]
    public void Yes_and_no_have_synonyms(string written, bool yes)
    {
        Assert.Equal(yes, _tree.Read($"[ssl]\nenable_ssl = {written}").Settings is null);
    }

    [Fact]
    public void What_is_neither_yes_nor_no_is_an_error()
    {
        Assert.Equal(["example.conf:2: [ssl] enable_ssl: 'maybe' is not yes or no"], _tree.Errors("[ssl]\nenable_ssl = maybe"));
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("192.168.0.7")]
    public void An_address_is_v4_or_v6(string written)
    {
        Assert.Equal(IPAddress.Parse(written), _tree.Settings($"[server]\nip = {written}").Server.Ip);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.1")]
    [InlineData("1")]
    [InlineData("256.0.0.1")]
    [InlineData("[::1]")]
    [InlineData("127.0.0.1:80")]
    [InlineData("0x7f.0.0.1")]
    public void What_a_person_would_not_call_an_address_is_an_error(string written)
    {
        Assert.Equal(
            [$"example.conf:2: [server] ip: '{written}' is not an IP address (127.0.0.1 this machine only, 0.0.0.0 every IPv4 address, :: every address)"],
            _tree.Errors($"[server]\nip = {written}"));
    }

    [Theory]
    [InlineData("10.0.0.0/33", "'10.0.0.0/33' has no prefix length of 0 to 32 after the /")]
    [InlineData("10.0.0.0/", "'10.0.0.0/' has no prefix length of 0 to 32 after the /")]
    [InlineData("10.0.0.1/8", "'10.0.0.1/8' has bits set beyond its prefix length; only the network's own bits may be, as in 10.0.0.0/8")]
    [InlineData("fd00::1/8", "'fd00::1/8' has bits set beyond its prefix length; only the network's own bits may be, as in fd00::/8")]
    [InlineData("10.0.0.0/8, proxy", "'proxy' is not an address or network such as 10.0.0.0/8")]
    public void A_wrong_network_is_an_error(string written, string error)
    {
        Assert.Equal([$"example.conf:2: [server] trusted_proxies: {error}"], _tree.Errors($"[server]\ntrusted_proxies = {written}"));
    }

    [Fact]
    public void Networks_are_separated_by_commas_or_blanks()
    {
        Assert.Equal(
            ["10.0.0.0/8", "192.168.1.7/32", "fd00::/8", "::1/128"],
            _tree.Settings("[server]\ntrusted_proxies = 10.0.0.0/8,192.168.1.7  fd00::/8, ::1").Server.TrustedProxies.Select(network => network.ToString()));
    }

    [Fact]
    public void An_interpreter_is_a_name_in_PATH_or_a_path()
    {
        _tree.WriteProgram("bin/python3.12").WriteProgram("servers-enabled/venv/bin/python").Write("plain").MakeDirectory("venv");
        Assert.Equal("python3.12", _tree.Settings("[server]\npython = python3.12").Server.Python);
        Assert.Equal($"{_tree.Enabled}/venv/bin/python", _tree.Settings("[server]\npython = venv/bin/python").Server.Python);
        Assert.Equal(
            ["example.conf:2: [server] python: 'pyhton' is not in PATH; give its path, such as /usr/bin/python3 or a venv's bin/python"],
            _tree.Errors("[server]\npython = pyhton"));
        Assert.Equal([$"example.conf:2: [server] python: there is no file '{_tree.Root}/none'"], _tree.Errors("[server]\npython = ../none"));
        Assert.Equal([$"example.conf:2: [server] python: '{_tree.Root}/plain' is not executable"], _tree.Errors("[server]\npython = ../plain"));
        Assert.Equal([$"example.conf:2: [server] python: '{_tree.Root}/venv' is a directory; name the interpreter in it"], _tree.Errors("[server]\npython = ../venv"));
    }

    [Fact]
    public void A_user_and_a_group_exist_on_the_machine()
    {
        var server = _tree.Settings("[server]\nuser = www-data\ngroup = www-data").Server;
        Assert.Equal(("www-data", "www-data"), (server.User, server.Group));
        Assert.Equal(
            ["example.conf:2: [server] user: there is no user 'wwwdata' on this machine", "example.conf:3: [server] group: there is no group 'wwwdata' on this machine"],
            _tree.Errors("[server]\nuser = wwwdata\ngroup = wwwdata"));
    }

    [Fact]
    public void The_machines_own_accounts_are_known()
    {
        var machine = new Machine();
        Assert.True(machine.UserExists("root"));
        Assert.True(machine.GroupExists("root"));
        Assert.False(machine.UserExists("roo"));
        Assert.False(machine.UserExists("root:x"));
        Assert.False(machine.GroupExists("no-such-group"));
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("my site")]
    [InlineData("..")]
    [InlineData("a\u00e9")]
    public void A_server_name_can_be_a_files_name(string written)
    {
        Assert.Equal([$"example.conf:2: [server] name: '{written}' is not a name of letters, digits, '.', '-' and '_'"], _tree.Errors($"[server]\nname = {written}"));
    }

    [Theory]
    [InlineData("prot", "did you mean 'port'?")]
    [InlineData("Port", "did you mean 'port'?")]
    [InlineData("thread", "did you mean 'threads'?")]
    [InlineData("keep_alive", "it belongs to [tunefactors]")]
    [InlineData("log_path", "there are threads, processes, ip, port, name, user, group, trusted_proxies, python")]
    public void An_unknown_key_comes_with_the_nearest_known_one(string key, string advice)
    {
        Assert.Equal([$"example.conf:2: [server] '{key}' is not a key of this section; {advice}"], _tree.Errors($"[server]\n{key} = 1"));
    }

    [Fact]
    public void Environment_names_are_checked()
    {
        Assert.Equal(
            [
                "example.conf:2: [environment] '1A' is not a variable's name; it has letters, digits and '_', and no digit first",
                "example.conf:3: [environment] 'A-B' is not a variable's name; it has letters, digits and '_', and no digit first",
                "example.conf:5: [environment] OK: is there twice; line 4 set it already",
            ],
            _tree.Errors("[environment]\n1A = 1\nA-B = 2\nOK = 3\nOK = 4\n"));
        var environment = _tree.Settings("[environment]\nA_1 = x\nEMPTY =\n_b = ${NONE:-y}").Environment;
        Assert.Equal(new Dictionary<string, string> { ["A_1"] = "x", ["EMPTY"] = "", ["_b"] = "y" }, environment);
    }
}
