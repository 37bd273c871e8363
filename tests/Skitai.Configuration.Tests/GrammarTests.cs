using System.Text;

namespace Skitai.Configuration.Tests;

public sealed class GrammarTests : IDisposable
{
    private readonly TreeFixture _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void Byte_order_mark_carriage_returns_tabs_and_blanks_do_not_matter()
    {
        var text = "\r\n\t[ server ]\t\r\n\tport\t=\t5001 \t\r\n   threads=2\r\n[ routes : line ]\r\n";
        _tree.Write("servers-enabled/example.conf", [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(text)]);
        var settings = _tree.Tree.ReadInstance("example").Settings;
        Assert.NotNull(settings);
        Assert.Equal(5001, settings.Server.Port);
        Assert.Equal(2, settings.Server.Threads);
    }

    [Fact]
    public void A_comment_begins_a_line_and_never_ends_one()
    {
        Assert.Equal("a;b#c", _tree.Settings("# one\n  ; two\n[environment]\n;X = 1\nX = a;b#c\n").Environment["X"]);
        Assert.Equal(
            ["example.conf:2: [server] port: '5000 ; the port' is not a port (1 to 65535); a comment needs a line of its own"],
            _tree.Errors("[server]\nport = 5000 ; the port\n"));
    }

    [Fact]
    public void A_value_may_hold_an_equals_sign()
    {
        Assert.Equal("a=b==", _tree.Settings("[environment]\nX=a=b==").Environment["X"]);
    }

    [Fact]
    public void A_key_with_nothing_after_the_equals_sign_has_its_default()
    {
        var settings = _tree.Settings("[server]\nport =\nthreads=\nname = \nip = ${NOTHING:-}\n");
        Assert.Equal(5000, settings.Server.Port);
        Assert.Equal(4, settings.Server.Threads);
        Assert.Equal("example", settings.Server.Name);
    }

    [Fact]
    public void All_errors_come_at_once_in_line_order()
    {
        Assert.Equal(
            [
                "example.conf:1: 'port = 1' stands above the first section; begin with a section such as [server]",
                "example.conf:3: [server] port: 'abc' is not a port (1 to 65535)",
                "example.conf:4: [server] 'threads 4' is not 'key = value'",
                "example.conf:5: [server] '= 5' has no key before the =",
                "example.conf:6: [server] port: is there twice; line 3 set it already",
                "example.conf:7: '[tunefactors' has no closing ]",
                "example.conf:9: [servr] is not a section of this file; did you mean [server]?",
                "example.conf:11: [tunefactors] keep_alive: '10 years' is not a duration such as 10 (seconds), 500ms, 10s, 5m, 2h, 1d",
                "example.conf:12: [server] is there twice; it began in line 2",
                "example.conf:13: [server] processes: '0' is not a number (1 to 256)",
            ],
            _tree.Errors("""
                port = 1
                [server]
                port = abc
                threads 4
                = 5
                port = 2
                [tunefactors
                nonsense
                [servr]
                [tunefactors]
                keep_alive = 10 years
                [server]
                processes = 0
                """));
    }

    [Theory]
    [InlineData("[server] ; main", "'; main' after [server]; a comment needs a line of its own")]
    [InlineData("[]", "'[]' has no name")]
    [InlineData("[:line]", "'[:line]' has no name")]
    [InlineData("[server:lines]", "'[server:lines]' is not a section; there are [name] and [name:line]")]
    [InlineData("[server:line]", "[server:line] holds 'key = value': write [server]")]
    [InlineData("[routes]", "[routes] keeps its lines as they are: write [routes:line]")]
    [InlineData("[global]", "[global] belongs into skitaid.conf")]
    [InlineData("[crontab:line]", "[crontab:line] belongs into skitaid.conf")]
    [InlineData("[Server]", "[Server] is not a section of this file; did you mean [server]?")]
    [InlineData("[zzzzzz]", "[zzzzzz] is not a section of this file; there are [server], [routes:line], [environment], [ssl], [certificates:line], [tunefactors], [proxypass], [api-gateway], [@name]")]
    [InlineData("[a\u0001b]", "a control character in '[a\\x01b]'")]
    public void A_broken_or_unknown_section_is_one_error(string header, string error)
    {
        Assert.Equal([$"example.conf:2: {error}"], _tree.Errors($"\n{header}\nwhat = ever\nit = holds\n"));
    }

    [Fact]
    public void Route_and_routes_are_the_same_section()
    {
        _tree.MakeDirectory("servers-enabled/static");
        Assert.Single(_tree.Settings("[route:line]\n/ = static\n").Hosts);
        Assert.Equal(
            ["example.conf:3: [routes] is there twice; it began in line 1"],
            _tree.Errors("[route:line]\n/ = static\n[routes:line]\n/x = static\n"));
    }

    [Fact]
    public void A_section_in_the_wrong_form_hides_nothing_of_the_right_one()
    {
        Assert.Equal(
            ["example.conf:1: [routes] keeps its lines as they are: write [routes:line]", "example.conf:4: [routes] 'x' is neither 'PATH = TARGET' nor '@ host'"],
            _tree.Errors("[route]\n/ = static\n[routes:line]\nx\n"));
    }

    [Fact]
    public void A_section_of_an_instance_in_the_daemon_conf_is_sent_to_where_it_belongs()
    {
        _tree.Write("skitaid.conf", "[server]\nport = 1\n[globl]\n");
        Assert.Equal(
            [
                "skitaid.conf:1: [server] belongs into an instance's conf in servers-enabled",
                "skitaid.conf:3: [globl] is not a section of this file; did you mean [global]?",
            ],
            _tree.Tree.ReadDaemon().Errors.Select(error => error.ToString()));
    }

    [Fact]
    public void Text_that_is_not_utf8_is_an_error_of_its_line_and_the_rest_is_checked()
    {
        _tree.Write("servers-enabled/example.conf", [.. "[server]\n; caf"u8, 0xe9, .. "\nport = x\n"u8]);
        Assert.Equal(
            ["example.conf:2: is not UTF-8; save the file as UTF-8", "example.conf:3: [server] port: 'x' is not a port (1 to 65535)"],
            _tree.Tree.ReadInstance("example").Errors.Select(error => error.ToString()));
    }

    [Fact]
    public void A_file_that_is_no_text_is_one_error()
    {
        _tree.Write("servers-enabled/example.conf", Encoding.Unicode.GetBytes("[server]\nport = 1\n"));
        Assert.Equal("example.conf:1: holds a NUL byte: not a text file in UTF-8", Assert.Single(_tree.Tree.ReadInstance("example").Errors).ToString());
        _tree.Write("servers-enabled/example.conf", new byte[2 * 1024 * 1024]);
        Assert.Equal("example.conf: is larger than 1048576 bytes; is it a conf?", Assert.Single(_tree.Tree.ReadInstance("example").Errors).ToString());
    }

    [Fact]
    public void A_conf_that_cannot_be_read_is_an_error()
    {
        _tree.MakeDirectory("servers-enabled/dir.conf");
        Assert.Equal("dir.conf: is a directory, not a file", Assert.Single(_tree.Tree.ReadInstance("dir").Errors).ToString());
        Assert.Equal($"nobody.conf: there is no file '{_tree.Enabled}/nobody.conf'", Missing("nobody"));
    }

    [Fact]
    public void An_instance_that_is_not_there_comes_with_the_way_to_it()
    {
        _tree.Write("servers-enabled/example.conf").Write("servers-available/shop.conf");
        Assert.Equal($"exmaple.conf: there is no file '{_tree.Enabled}/exmaple.conf'; did you mean 'example'?", Missing("exmaple"));
        Assert.Equal($"shop.conf: there is no file '{_tree.Enabled}/shop.conf'; enable it with: ln -s ../servers-available/shop.conf {_tree.Enabled}/", Missing("shop"));
    }

    [Fact]
    public void An_enabled_file_with_an_impossible_name_is_an_error_of_one_line()
    {
        _tree.Write("servers-enabled/my\nsite.conf");
        Assert.Equal(
            "my\\x0asite.conf: 'my\\x0asite' cannot name an instance; a name begins with a letter or digit and goes on with letters, digits, '.', '_' and '-'",
            Assert.Single(_tree.Tree.ReadAll().Errors).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("../skitaid")]
    [InlineData(".hidden")]
    [InlineData("a b")]
    [InlineData("-x")]
    [InlineData("ex/ample")]
    public void A_name_that_cannot_be_an_instance_reads_no_file(string name)
    {
        var result = _tree.Tree.ReadInstance(name);
        Assert.Null(result.Settings);
        Assert.Contains("cannot name an instance", Assert.Single(result.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_is_one_line_of_bearable_length_whatever_the_value_holds()
    {
        var errors = _tree.Errors($"[server]\nport = {new string('x', 5000)}\nip = a\u0085b\n");
        Assert.All(errors, error => Assert.True(error.Length < 300 && !error.Any(char.IsControl), error));
        Assert.Equal(2, errors.Length);
    }

    [Fact]
    public void A_conf_can_be_read_from_a_text_with_a_path_it_never_had()
    {
        _tree.Write("apps/hello.py");
        var result = _tree.Tree.ReadInstance("hello", "[routes:line]\n/ = hello:app\n", Path.Combine(_tree.Root, "apps/hello.conf"));
        Assert.Equal([], result.Errors);
        Assert.Equal($"{_tree.Root}/apps/hello:app", Assert.Single(Assert.Single(result.Settings!.Hosts).Mounts).Target.ToString());
    }

    private string Missing(string name) => Assert.Single(_tree.Tree.ReadInstance(name).Errors).ToString();
}
