using System.Net;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Serving;

/// <summary>Which mount and which virtual host answers.</summary>
public sealed class MountAndHostTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Mounts_match_on_segments_files_come_before_the_app_and_a_redirect_keeps_the_query()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"""
            / = {daemon.WebPath}
            / = {Say(daemon, "root")}:app
            /users = {Say(daemon, "users")}:app
            /users/deep = {Say(daemon, "deep")}:app
            """);
        await File.WriteAllTextAsync(Path.Combine(daemon.WebPath, "note.txt"), "a file", Cancellation);

        Assert.Equal("hello", (await daemon.GetAsync(port, "/")).Text); // index.html
        Assert.Equal("a file", (await daemon.GetAsync(port, "/note.txt")).Text);
        Assert.Equal("root:/nothing.txt", (await daemon.GetAsync(port, "/nothing.txt")).Text);
        Assert.Equal("root:/usersx", (await daemon.GetAsync(port, "/usersx")).Text);
        Assert.Equal("users:/1", (await daemon.GetAsync(port, "/users/1")).Text);
        Assert.Equal("users:/deeper", (await daemon.GetAsync(port, "/users/deeper")).Text);
        Assert.Equal("deep:/x", (await daemon.GetAsync(port, "/users/deep/x")).Text);

        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { Timeout = TestDaemon.Deadline };
        using var redirect = await client.GetAsync(TestApps.Url(port, "/users?a=1&b=%2F"), Cancellation);
        Assert.InRange((int)redirect.StatusCode, 301, 308);
        Assert.EndsWith("/users/?a=1&b=%2F", redirect.Headers.Location!.OriginalString, StringComparison.Ordinal);
        using var posted = await client.PostAsync(TestApps.Url(port, "/users"), new StringContent(""), Cancellation);
        Assert.Equal("users:", await posted.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Virtual_hosts_exact_before_longer_suffix_before_shorter_and_the_rest_is_the_default()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"""
            / = {Say(daemon, "default_host")}:app
            @ www.a.com a.com
            / = {Say(daemon, "exact")}:app
            @ .b.com
            / = {Say(daemon, "suffix")}:app
            @ *.c.com
            / = {Say(daemon, "below")}:app
            @ .x.b.com
            / = {Say(daemon, "longer")}:app
            """);
        foreach (var (host, expected) in new[]
        {
            ("www.a.com", "exact"), ("a.com", "exact"), ("A.COM:8080", "exact"), ("b.a.com", "default_host"), ("b.com", "suffix"), ("z.y.b.com", "suffix"),
            ("xb.com", "default_host"), ("c.com", "default_host"), ("d.c.com", "below"), ("x.b.com", "longer"), ("w.x.b.com", "longer"),
            ("a.com.", "exact"), ("other", "default_host"), ("[::1]:80", "default_host"),
        })
        {
            var answer = await RawClient.AskAsync(port, $"GET /p HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            Assert.True(answer.EndsWith($"\r\n\r\n{expected}:/p", StringComparison.Ordinal), $"{host}: {answer}");
        }
    }

    [Fact]
    public async Task What_nobody_serves_is_404_and_a_method_no_file_knows_is_405_with_Allow()
    {
        await using var daemon = new TestDaemon();
        var port = await daemon.ServeAsync($"/static = {daemon.WebPath}");

        Assert.Equal(HttpStatusCode.NotFound, (await daemon.GetAsync(port, "/")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await daemon.GetAsync(port, "/staticx")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await daemon.GetAsync(port, "/static/none")).Status);
        using var deleted = await daemon.Client.DeleteAsync(TestApps.Url(port, "/static/index.html"), Cancellation);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, deleted.StatusCode);
        Assert.Contains("GET", deleted.Content.Headers.Allow);
    }

    private static string Say(TestDaemon daemon, string name) => daemon.WriteApp(name, $$"""
        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [("{{name}}:" + environ["PATH_INFO"]).encode()]
        """ + "\n");
}
