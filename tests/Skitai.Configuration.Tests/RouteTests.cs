using Skitai.Configuration.Routes;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Tests;

public sealed class RouteTests : IDisposable
{
    private readonly TreeFixture _tree = new TreeFixture()
        .MakeDirectory("servers-enabled/static")
        .MakeDirectory("servers-enabled/static.d/deep")
        .Write("servers-enabled/wsgiapp.py")
        .Write("servers-enabled/flask-app.py")
        .Write("servers-enabled/package/__init__.py")
        .Write("servers-enabled/site/wsgi.py")
        .Write("servers-enabled/fast.cpython-311-x86_64-linux-gnu.so")
        .Write("servers-enabled/readme.txt");

    public void Dispose() => _tree.Dispose();

    [Theory]
    [InlineData("wsgiapp", "wsgiapp", "app")]
    [InlineData("wsgiapp.py", "wsgiapp", "app")]
    [InlineData("wsgiapp:application", "wsgiapp", "application")]
    [InlineData("wsgiapp.py:app", "wsgiapp", "app")]
    [InlineData("./wsgiapp:create_app()", "wsgiapp", "create_app()")]
    [InlineData("static/../wsgiapp:app", "wsgiapp", "app")]
    [InlineData("wsgiapp : app", "wsgiapp", "app")]
    [InlineData("flask-app:app", "flask-app", "app")]
    [InlineData("package:app", "package", "app")]
    [InlineData("site.wsgi:application", "site.wsgi", "application")]
    [InlineData("fast:app", "fast", "app")]
    public void An_app_is_a_module_and_a_callable(string target, string module, string callable)
    {
        Assert.Equal(new AppTarget(_tree.Enabled, module, callable), Mount($"/ = {target}").Target);
    }

    [Theory]
    [InlineData("wsgiapp", "wsgiapp.py")]
    [InlineData("package:app", "package/__init__.py")]
    [InlineData("site.wsgi:application", "site/wsgi.py")]
    [InlineData("fast:app", "fast.cpython-311-x86_64-linux-gnu.so")]
    public void The_file_of_an_apps_module_is_found_where_an_import_finds_it(string target, string file)
    {
        var app = Assert.IsType<AppTarget>(Mount($"/ = {target}").Target);
        var path = Path.Combine(_tree.Enabled, file);
        Assert.Equal(path, ModuleFile.Find(app));
        File.Delete(path);
        Assert.Null(ModuleFile.Find(app));
    }

    [Theory]
    [InlineData("static", "static")]
    [InlineData("./static/", "static")]
    [InlineData("static.d/deep", "static.d/deep")]
    [InlineData("../servers-enabled/static", "static")]
    public void An_existing_directory_is_static_files(string target, string directory)
    {
        Assert.Equal(new StaticTarget(Path.Combine(_tree.Enabled, directory)), Mount($"/ = {target}").Target);
    }

    [Fact]
    public void Absolute_paths_stay_what_they_are()
    {
        Assert.Equal(new StaticTarget($"{_tree.Enabled}/static"), Mount($"/={_tree.Enabled}/static").Target);
        Assert.Equal(new AppTarget(_tree.Enabled, "wsgiapp", "app"), Mount($"/ = {_tree.Enabled}/wsgiapp:app").Target);
    }

    [Theory]
    [InlineData("wsgyapp:app", "there is no such Python module; looked for '{0}/wsgyapp.py' and '{0}/wsgyapp/__init__.py'; did you mean 'wsgiapp'?")]
    [InlineData("statik", "'{0}/statik' is neither a directory nor a Python module; looked for '{0}/statik.py' and '{0}/statik/__init__.py'; did you mean 'static'?")]
    [InlineData("packag:app", "there is no such Python module; looked for '{0}/packag.py' and '{0}/packag/__init__.py'; did you mean 'package'?")]
    [InlineData("site.wsgx:app", "there is no such Python module; looked for '{0}/site/wsgx.py' and '{0}/site/wsgx/__init__.py'; did you mean 'site.wsgi'?")]
    [InlineData("static:app", "there is no such Python module; looked for '{0}/static.py' and '{0}/static/__init__.py'")]
    [InlineData("none/wsgi:app", "there is no directory '{0}/none'")]
    [InlineData("readme.txt", "'{0}/readme.txt' is a file; a target is a directory, dir/module:callable or @cluster")]
    [InlineData("127.0.0.1:5001", "another server is mounted by a cluster: @name, and a section [@name] with members = 127.0.0.1:5001")]
    [InlineData("http://users.internal:80", "another server is mounted by a cluster: @name, and a section [@name] with members = users.internal:80")]
    [InlineData("wsgiapp:my app", "'my app' is not the name of an app in a module (app), nor of a factory (create_app())")]
    [InlineData("wsgiapp:create_app(1)", "'create_app(1)' is not the name of an app in a module (app), nor of a factory (create_app())")]
    [InlineData("wsgiapp:", "nothing after the :; a target is a directory, dir/module:callable or @cluster")]
    [InlineData("ws gi:app", "'ws gi' is not the name of a Python module")]
    [InlineData("package", "'{0}/package' is a Python package; package:app mounts the app in it, and its source is not served as files")]
    [InlineData("~/wsgi:app", "'~/wsgi:app': a ~ is not expanded here; ${{HOME}} is")]
    [InlineData("", "nothing after the =; a target is a directory, dir/module:callable or @cluster")]
    [InlineData("@users", "there is no section [@users]")]
    public void A_target_that_is_not_there_says_what_was_looked_for(string target, string error)
    {
        Assert.Equal(
            $"example.conf:2: [routes] /x: {string.Format(error, _tree.Enabled)}",
            _tree.Errors($"[routes:line]\n/x = {target}")[0]);
    }

    [Theory]
    [InlineData("/", "/")]
    [InlineData("/x", "/x")]
    [InlineData("/x/", "/x")]
    [InlineData("/a/b.c/~d-_", "/a/b.c/~d-_")]
    [InlineData("/...", "/...")]
    public void A_path_has_no_slash_at_its_end(string written, string path)
    {
        Assert.Equal(path, Mount($"{written} = static").Path);
    }

    [Theory]
    [InlineData("x", "is not a path to mount on; it begins with a /")]
    [InlineData("", "is not a path to mount on; it begins with a /")]
    [InlineData("/a%20b", "has a %; a mount's path is written plainly, as it is after decoding")]
    [InlineData("/a b", "has a blank; the paths below a mount may have one, its own may not")]
    [InlineData("/caf\u00e9", "has a character besides plain ASCII; the paths below a mount may have any, its own may not")]
    [InlineData("//", "has an empty segment (//)")]
    [InlineData("/a//b", "has an empty segment (//)")]
    [InlineData("/a?b", "has a '?', '#' or '\\', which are no part of a path")]
    [InlineData("/a/../b", "has a segment '.' or '..', which no request's path has by the time it is looked at")]
    [InlineData("/.", "has a segment '.' or '..', which no request's path has by the time it is looked at")]
    public void A_path_that_no_request_has_is_an_error(string path, string error)
    {
        Assert.Equal([$"example.conf:2: [routes] '{path}' {error}"], _tree.Errors($"[routes:line]\n{path} = static"));
    }

    [Fact]
    public void Path_and_target_are_both_checked()
    {
        Assert.Equal(
            ["example.conf:2: [routes] 'x' is not a path to mount on; it begins with a /", $"example.conf:2: [routes] there is no directory '{_tree.Enabled}/y'"],
            _tree.Errors("[routes:line]\nx = y/z:app"));
    }

    [Fact]
    public void What_could_never_answer_is_an_error()
    {
        Assert.Equal(
            [
                "example.conf:4: [routes] /: could never answer; the app of line 3 on the same path takes every request",
                "example.conf:5: [routes] /: could never answer; the app of line 3 on the same path takes every request",
            ],
            _tree.Errors("[routes:line]\n/ = static\n/ = wsgiapp\n/ = package:app\n/ = static\n/x = wsgiapp\n@ a.com\n/ = wsgiapp"));
    }

    [Fact]
    public void A_cluster_is_mounted_by_its_name()
    {
        var settings = _tree.Settings("[routes:line]\n/ = static\n/ = @users\n@ a.com\n/x = @users\n[@users]\nmembers = a:1");
        Assert.Equal([new MountSettings("/", new ClusterTarget("@users"), 3), new MountSettings("/x", new ClusterTarget("@users"), 5)],
            settings.Hosts.SelectMany(host => host.Mounts).Where(mount => mount.Target is ClusterTarget));
        Assert.Equal("@users", Assert.Single(settings.Clusters).Name);
    }

    [Fact]
    public void A_cluster_that_is_not_there_comes_with_the_nearest()
    {
        Assert.Equal(
            ["example.conf:2: [routes] /: there is no section [@usrs]; did you mean '@users'?"],
            _tree.Errors("[routes:line]\n/ = @usrs\n[@users]\nmembers = a:1"));
        Assert.Equal(["example.conf:2: [routes] /: there is no section [@usrs]"], _tree.Errors("[routes:line]\n/ = @usrs\n[@orders]\nmembers = a:1"));
    }

    [Fact]
    public void Below_a_cluster_on_the_same_path_nothing_could_answer()
    {
        Assert.Equal(
            [
                "example.conf:3: [routes] /: could never answer; the cluster of line 2 on the same path takes every request",
                "example.conf:4: [routes] /: could never answer; the cluster of line 2 on the same path takes every request",
            ],
            _tree.Errors("[routes:line]\n/ = @a\n/ = static\n/ = @a\n/x = @a\n[@a]\nmembers = a:1"));
    }

    [Fact]
    public void Virtual_hosts_keep_file_order_and_the_default_host_has_no_names()
    {
        var hosts = _tree.Settings("""
            [routes:line]
            @ www.Example.COM  example.com.
            / = static
            @.net.example
            @ *.org.example
            /a = static
            / = wsgiapp
            @ default
            / = static
            """).Hosts;
        Assert.Equal(["www.example.com example.com", ".net.example", "*.org.example", ""], hosts.Select(host => string.Join(' ', host.Names)));
        Assert.Equal([1, 0, 2, 1], hosts.Select(host => host.Mounts.Count));
        Assert.Equal([2, 4, 5, 8], hosts.Select(host => host.Line));
        Assert.Equal([3, 6, 7, 9], hosts.SelectMany(host => host.Mounts).Select(mount => mount.Line));
        Assert.Equal(0, Assert.Single(_tree.Settings("[routes:line]\n/ = static").Hosts).Line);
    }

    [Theory]
    [InlineData("@", "an @ line names one host or more: '@ www.example.com example.com'; '@ default' is every other host")]
    [InlineData("@ a.com a.com", "the host 'a.com' is there twice; line 4 has it already")]
    [InlineData("@ www.a.com", "the host 'www.a.com' is there twice; line 2 has it already")]
    [InlineData("@ default", "the default host is there already: the lines above the first @ are its mounts, too", true)]
    [InlineData("@ default b.com", "'default b.com': the default host takes every name that no other host has; name it alone")]
    [InlineData("@ http://b.com", "'http://b.com' is not a host name; write it without scheme, port and path")]
    [InlineData("@ b.com:80", "'b.com:80' is not a host name; write it without scheme, port and path")]
    [InlineData("@ www.*.com", "'www.*.com' is not a host name; there are www.a.com (this name), .a.com (the name and its subdomains), *.a.com (its subdomains only)")]
    [InlineData("@ b..com", "'b..com' is not a host name; there are www.a.com (this name), .a.com (the name and its subdomains), *.a.com (its subdomains only)")]
    [InlineData("static", "'static' is neither 'PATH = TARGET' nor '@ host'")]
    public void A_wrong_host_line_is_an_error_and_the_mounts_below_it_are_checked(string line, string error, bool withDefault = false)
    {
        var first = withDefault ? "/ = static" : "@ www.a.com";
        Assert.Equal(
            [$"example.conf:4: [routes] {error}", $"example.conf:5: [routes] /: there is no directory '{_tree.Enabled}/none'"],
            _tree.Errors($"[routes:line]\n{first}\n/x = static\n{line}\n/ = none/x:app"));
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("[::1]", "[::1]")]
    [InlineData("my_host-1", "my_host-1")]
    [InlineData("b\u00fccher.example", "xn--bcher-kva.example")]
    [InlineData(".B\u00fccher.example", ".xn--bcher-kva.example")]
    public void A_host_name_is_kept_as_a_request_brings_it(string written, string name)
    {
        Assert.Equal(name, Assert.Single(_tree.Settings($"[routes:line]\n@ {written}").Hosts).Names.Single().ToString());
    }

    [Fact]
    public void A_name_of_a_directory_and_a_module_must_say_which()
    {
        _tree.MakeDirectory("servers-enabled/twin").Write("servers-enabled/twin.py");
        Assert.Equal(
            [$"example.conf:2: [routes] /: '{_tree.Enabled}/twin' is a directory, and '{_tree.Enabled}/twin.py' a Python module; twin/ serves the files, twin:app mounts the app"],
            _tree.Errors("[routes:line]\n/ = twin"));
        Assert.Equal(new StaticTarget($"{_tree.Enabled}/twin"), Mount("/ = twin/").Target);
        Assert.Equal(new AppTarget(_tree.Enabled, "twin", "app"), Mount("/ = twin:app").Target);
    }

    [Fact]
    public void A_directory_that_hands_out_the_conf_or_an_apps_source_is_a_warning()
    {
        _tree.Write("site/wsgi.py").MakeDirectory("site/static").Write("site-2/other.py");
        Assert.Empty(_tree.Read("[routes:line]\n/ = ../site/static\n/ = ../site/wsgi\n").Warnings);
        Assert.Equal(
            [
                $"example.conf:2: [routes] /: everybody can read the source of {_tree.Root}/site/wsgi:app, as a file below '{_tree.Root}/site'",
                $"example.conf:5: [routes] /conf: everybody can read this conf, as a file below '{_tree.Enabled}'",
            ],
            _tree.Read("[routes:line]\n/ = ../site\n/ = ../site/wsgi\n/2 = ../site-2/other\n/conf = .\n").Warnings.Select(warning => warning.ToString()));
    }

    private MountSettings Mount(string line) =>
        Assert.Single(Assert.Single(_tree.Settings($"[routes:line]\n{line}").Hosts).Mounts);

    [Theory]
    [InlineData("", "example.conf: [routes] serves nothing: there is no mount 'PATH = TARGET'")]
    [InlineData("[server]\n[routes:line]\n; / = static", "example.conf:2: [routes] serves nothing: there is no mount 'PATH = TARGET'")]
    [InlineData("[routes:line]\n/ = static/\n@ x y.com", "example.conf:3: [routes] @ x y.com serves nothing: there is no mount 'PATH = TARGET' below it")]
    [InlineData("[routes:line]\n@ default\n@ x\n/ = static/", "example.conf:2: [routes] @ default serves nothing: there is no mount 'PATH = TARGET' below it")]
    public void A_conf_or_host_without_mounts_is_a_warning(string conf, string warning) =>
        Assert.Equal(warning, Assert.Single(_tree.Read(conf).Warnings).ToString());

    [Theory]
    [InlineData("site.wsg:app", "; did you mean 'site.wsgi'?")]
    [InlineData("wsgiepp:app", "; did you mean 'wsgiapp'?")]
    [InlineData("\"wsgiapp:app\"", "; quotes count as a part of the value: leave them out")]
    [InlineData("wsgiapp:app ; the site", "; a comment needs a line of its own")]
    public void A_target_that_is_nearly_right_gets_a_hint(string target, string hint) =>
        Assert.EndsWith(hint, Assert.Single(_tree.Errors($"[routes:line]\n/ = {target}")), StringComparison.Ordinal);

    [Fact]
    public void A_module_with_two_letters_of_five_wrong_is_found() =>
        Assert.EndsWith("; did you mean 'plain'?", Assert.Single(_tree.Write("servers-enabled/plain.py").Errors("[routes:line]\n/ = plane:app")), StringComparison.Ordinal);
}
