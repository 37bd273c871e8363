using System.Globalization;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Serving;

/// <summary>HTTP/1.1, HTTP/2 and TLS on the ports of two instances, asked by curl and h2load.</summary>
public sealed class ProtocolTests
{
    [Fact]
    public async Task Two_instances_speak_every_protocol_and_choose_certificates_by_name()
    {
        ClientProgram.Require("curl");
        await using var daemon = new TestDaemon();
        using var certificates = new TestCertificates(daemon.Root);
        var (clear, secure) = await StartAsync(daemon, certificates);

        foreach (var option in new[] { "--http1.1", "--http2", "--http2-prior-knowledge", "--http1.0" })
        {
            var version = option == "--http2-prior-knowledge" ? "2" : "1.1";
            var got = await CurlAsync(option, "-w", " %{http_version} %{http_code}", TestApps.Url(clear).ToString());
            Assert.True(got == $"hello {version} 200" || (option == "--http2" && got == "hello 2 200"), $"{option}: {got}");
            Assert.Equal("/x?y=1", await CurlAsync(option, TestApps.Url(clear, "/app/x?y=1").ToString()));
        }

        foreach (var host in new[] { "one.test", "two.test" })
        {
            foreach (var (option, version) in new[] { ("--http2", "2"), ("--http1.1", "1.1") })
            {
                // curl checks the chain up to the authority, through the intermediate, and the name.
                var got = await CurlAsync(
                    option, "--cacert", certificates.AuthorityFile, "--resolve", $"{host}:{secure}:127.0.0.1", "-w", " %{http_version} %{ssl_verify_result}",
                    $"https://{host}:{secure}/");
                Assert.Equal($"hello {version} 0", got);
            }
        }

        Assert.Contains("https", await CurlAsync("-k", $"https://127.0.0.1:{secure}/scheme/"), StringComparison.Ordinal);
        Assert.Contains("one.test", (await ClientProgram.RunAsync("openssl", "s_client", "-connect", $"127.0.0.1:{secure}", "-noservername")).Output, StringComparison.Ordinal);

        // A clear-text request to the TLS port ends without harm.
        _ = await ClientProgram.RunAsync("curl", "-s", "--max-time", "20", $"http://127.0.0.1:{secure}/");
        Assert.Equal("hello", await CurlAsync("-k", $"https://127.0.0.1:{secure}/"));
    }

    [Fact]
    public async Task H2load_gets_every_answer_over_clear_text_and_over_tls()
    {
        ClientProgram.Require("h2load");
        await using var daemon = new TestDaemon();
        using var certificates = new TestCertificates(daemon.Root);
        var (clear, secure) = await StartAsync(daemon, certificates);
        foreach (var url in new[] { $"http://127.0.0.1:{clear}/", $"http://127.0.0.1:{clear}/app/", $"https://127.0.0.1:{secure}/", $"https://127.0.0.1:{secure}/app/" })
        {
            var result = await ClientProgram.RunAsync("h2load", "-n", "2000", "-c", "4", "-m", "25", url);
            Assert.Contains("2000 succeeded, 0 failed, 0 errored, 0 timeout", result.Output, StringComparison.Ordinal);
            Assert.Contains("status codes: 2000 2xx", result.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_large_body_goes_both_ways_over_http2()
    {
        ClientProgram.Require("curl");
        await using var daemon = new TestDaemon();
        using var certificates = new TestCertificates(daemon.Root);
        var (clear, secure) = await StartAsync(daemon, certificates);
        var file = Path.Combine(daemon.Root, "body");
        await File.WriteAllBytesAsync(file, [.. Enumerable.Range(0, 5_000_000).Select(i => (byte)(i % 253))], TestContext.Current.CancellationToken);
        foreach (var url in new[] { $"http://127.0.0.1:{clear}/echo/", $"https://127.0.0.1:{secure}/echo/" })
        {
            var back = Path.Combine(daemon.Root, "back");
            await CurlAsync(url[4] == 's' ? "--http2" : "--http2-prior-knowledge", "-k", "--data-binary", "@" + file, "-o", back, url);
            Assert.Equal(0, (await ClientProgram.RunAsync("cmp", file, back)).ExitCode);
        }
    }

    private static async Task<(int Clear, int Secure)> StartAsync(TestDaemon daemon, TestCertificates certificates)
    {
        var (clear, secure) = (TestDaemon.FreePort(), TestDaemon.FreePort());
        var (one, two) = (certificates.Write("one.test", "a secret"), certificates.Write("two.test"));
        var scheme = daemon.WriteApp("scheme", """
            def app(environ, start_response):
                start_response("200 OK", [("Content-Type", "text/plain")])
                return [environ["wsgi.url_scheme"].encode()]

            def echo(environ, start_response):
                start_response("200 OK", [("Content-Type", "application/octet-stream")])
                return iter(lambda: environ["wsgi.input"].read(65536), b"")

            """);
        var routes = $"[routes:line]\n/ = {daemon.WebPath}\n/app = {daemon.AddApp("counting")}:app\n/scheme = {scheme}:app\n/echo = {scheme}:echo\n";
        daemon.WriteConf("clear", $"[server]\nport = {clear}\n{routes}");
        daemon.WriteConf("secure", string.Create(CultureInfo.InvariantCulture, $"""
            [server]
            port = {secure}
            [ssl]
            enable_ssl = yes
            certfile = {one.CertFile}
            keyfile = {one.KeyFile}
            passphrase = a secret
            [certificates:line]
            two.test = {two.CertFile}, {two.KeyFile}
            {routes}
            """));
        await daemon.StartAsync();
        return (clear, secure);
    }

    private static async Task<string> CurlAsync(params string[] arguments)
    {
        var result = await ClientProgram.RunAsync("curl", ["-sS", "--max-time", "50", .. arguments]);
        Assert.True(result.ExitCode == 0, $"curl {string.Join(' ', arguments)}: {result}");
        return result.Output;
    }
}
