using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Serving;

/// <summary>The demo's page of fifty pictures, as a browser gets it by https.</summary>
public sealed partial class PageOfManyFilesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fifty_pictures_asked_for_at_once_come_over_one_http2_connection()
    {
        await using var daemon = new TestDaemon();
        var (certFile, keyFile) = TestCertificate.Write(daemon.Root);
        var sites = Path.Combine(ExampleFiles.Directory, "sites");
        var port = await daemon.ServeAsync(
            $"/ = {sites}/landing\n/static = {sites}/static", more: $"[ssl]\nenable_ssl = yes\ncertfile = {certFile}\nkeyfile = {keyFile}");
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(certFile);
        var expectedHash = certificate.GetCertHashString();
        var connections = 0;
        using var handler = new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == expectedHash },
            ConnectCallback = async (context, cancellation) =>
            {
                Interlocked.Increment(ref connections);
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var browser = new HttpClient(handler)
        {
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TestDaemon.Deadline,
        };
        var address = new Uri($"https://127.0.0.1:{port}/static/fifty/");

        var page = await browser.GetStringAsync(address, Cancellation);
        var pictures = Picture().Matches(page).Select(match => match.Groups["file"].Value).ToArray();
        Assert.Equal(50, pictures.Distinct(StringComparer.Ordinal).Count());
        await Task.WhenAll(pictures.Select(GetAsync));

        Assert.Equal(1, connections);
        await TestDaemon.WaitAsync("each picture was in request.log", () => pictures.All(picture =>
            daemon.InstanceLog("request").Contains($" GET /static/fifty/{picture} HTTP/2 200 ", StringComparison.Ordinal)));

        async Task GetAsync(string file)
        {
            using var answer = await browser.GetAsync(new Uri(address, file), Cancellation);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(HttpVersion.Version20, answer.Version);
            Assert.Equal("image/svg+xml", answer.Content.Headers.ContentType?.MediaType);
            var expected = await File.ReadAllBytesAsync(Path.Combine(sites, "static", "fifty", file), Cancellation);
            Assert.Equal(expected, await answer.Content.ReadAsByteArrayAsync(Cancellation));
        }
    }

    [GeneratedRegex("<img src=\"(?<file>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Picture();
}
