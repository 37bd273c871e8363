using System.Diagnostics;
using System.Net;
using System.Text;
using Skitai.Engine.Routing;
using Skitai.Engine.Static;

namespace Skitai.Engine.Tests.Static;

public sealed class StaticSafetyTests
{
    [Fact]
    public async Task A_link_out_of_the_root_leads_nowhere()
    {
        await using var site = await StaticSite.StartAsync();
        File.WriteAllText(Path.Combine(site.Outside, "secret.txt"), "secret");
        Directory.CreateDirectory(Path.Combine(site.Outside, "www2"));
        File.WriteAllText(Path.Combine(site.Outside, "www2", "index.html"), "secret");
        File.CreateSymbolicLink(Path.Combine(site.Root, "absolute.txt"), Path.Combine(site.Outside, "secret.txt"));
        File.CreateSymbolicLink(Path.Combine(site.Root, "relative.txt"), "../secret.txt");
        Directory.CreateSymbolicLink(Path.Combine(site.Root, "up"), "..");
        Directory.CreateSymbolicLink(Path.Combine(site.Root, "sister"), Path.Combine(site.Outside, "www2"));
        File.CreateSymbolicLink(Path.Combine(site.Root, "self.txt"), "/proc/self/environ");

        foreach (var path in (string[])["/absolute.txt", "/relative.txt", "/up/secret.txt", "/sister", "/sister/", "/sister/index.html", "/self.txt"])
        {
            using var answer = await site.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            using var post = await site.SendAsync(HttpMethod.Post, path);
            Assert.Equal(HttpStatusCode.NotFound, post.StatusCode);
        }
    }

    [Fact]
    public async Task A_sibling_that_links_out_of_the_root_is_not_used()
    {
        await using var site = await StaticSite.StartAsync();
        site.Write("a.txt", "plain");
        File.WriteAllText(Path.Combine(site.Outside, "secret.gz"), "secret");
        File.CreateSymbolicLink(Path.Combine(site.Root, "a.txt.gz"), Path.Combine(site.Outside, "secret.gz"));
        using var answer = await site.GetAsync("/a.txt", ("Accept-Encoding", "gzip"));
        Assert.Equal("plain", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Links_that_stay_inside_are_followed()
    {
        await using var site = await StaticSite.StartAsync();
        site.Write("v2/a.txt", "two");
        Directory.CreateSymbolicLink(Path.Combine(site.Root, "relative"), "v2");
        Directory.CreateSymbolicLink(Path.Combine(site.Root, "absolute"), Path.Combine(site.Root, "v2"));
        Directory.CreateSymbolicLink(Path.Combine(site.Root, "round"), "../www/v2");
        Assert.Equal("two", await site.ReadAsync("/relative/a.txt"));
        Assert.Equal("two", await site.ReadAsync("/absolute/a.txt"));
        Assert.Equal("two", await site.ReadAsync("/round/a.txt"));
    }

    [Fact]
    public async Task The_root_may_be_a_link_and_may_be_switched()
    {
        await using var site = await StaticSite.StartAsync(servedAs: "current");
        var link = Path.Combine(site.Outside, "current");
        foreach (var release in (string[])["one", "two"])
        {
            Directory.CreateDirectory(Path.Combine(site.Outside, release));
            File.WriteAllText(Path.Combine(site.Outside, release, "a.txt"), release);
            File.Delete(link);
            Directory.CreateSymbolicLink(link, release);
            Assert.Equal(release, await site.ReadAsync("/a.txt"));
        }
    }

    [Fact]
    public async Task Dotfiles_are_not_served_but_well_known_is()
    {
        await using var site = await StaticSite.StartAsync();
        site.Write(".env", "secret");
        site.Write(".git/config", "secret");
        site.Write(".well-known/security.txt", "hello");
        foreach (var path in (string[])["/.env", "/.git/config", "/.git/"])
        {
            Assert.StartsWith("HTTP/1.1 404", await site.SendRawAsync($"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
        }

        Assert.Equal("hello", await site.ReadAsync("/.well-known/security.txt"));
    }

    [Fact]
    public async Task A_fifo_or_device_is_no_file_and_holds_nobody_up()
    {
        await using var site = await StaticSite.StartAsync();
        using (var mkfifo = Process.Start("mkfifo", Path.Combine(site.Root, "pipe")))
        {
            await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, mkfifo.ExitCode);
        }

        File.CreateSymbolicLink(Path.Combine(site.Root, "null"), "/dev/null");
        site.Write("a.txt", "plain");
        File.CreateSymbolicLink(Path.Combine(site.Root, "a.txt.gz"), "pipe");
        foreach (var path in (string[])["/pipe", "/null"])
        {
            using var answer = await site.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        Assert.Equal("plain", await site.ReadAsync("/a.txt"));
    }

    [Fact]
    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    public async Task A_file_we_may_not_read_is_forbidden()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "root may read everything");
        await using var site = await StaticSite.StartAsync();
        File.SetUnixFileMode(site.Write("a.txt", "secret"), UnixFileMode.None);
        using var answer = await site.GetAsync("/a.txt");
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public void File_names_are_the_bytes_of_the_path()
    {
        var home = Directory.CreateTempSubdirectory("skitai-static-");
        try
        {
            File.WriteAllText(Path.Combine(home.FullName, "über €.txt"), "found");
            var directory = new StaticDirectory(home.FullName, TimeProvider.System);
            var asBytes = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes("/über €.txt"));

            var found = directory.Find(asBytes);

            Assert.Equal("found", Encoding.UTF8.GetString(found.File!.Plain.Content!));
            Assert.Equal(LookupKind.NotFound, directory.Find("/über.txt").Kind);
            Assert.Equal(LookupKind.NotFound, directory.Find("/" + new string('a', 300)).Kind);
            Assert.Equal(LookupKind.NotFound, directory.Find("/" + new string('a', 5000)).Kind);
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("/docs", "", "/docs/")]
    [InlineData("//evil.example", "", "/evil.example/")]
    [InlineData("/a b\u00c3\u00a9%?#\"", "", "/a%20b%C3%A9%25%3F%23%22/")]
    [InlineData("/a\r\nSet-Cookie: x", "q=\r\n\u00e9%20\"", "/a%0D%0ASet-Cookie:%20x/?q=%0D%0A%E9%20\"")]
    [InlineData("/", "", "/")]
    public void A_redirect_stays_on_this_host(string path, string query, string expected) =>
        Assert.Equal(expected, SlashRedirect.Location(path, query));
}
