using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using Skitai.Configuration.Certificates;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Tests.Hosting;

public sealed class TlsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skitaid-tls-").FullName;
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task The_name_the_client_asks_for_chooses_the_certificate()
    {
        await using var instance = await StartAsync(new SslSettings
        {
            Default = Write("default"),
            Certificates =
            [
                new SniCertificate(new HostPattern(HostPatternKind.Exact, "a.test"), Write("a.test")),
                new SniCertificate(new HostPattern(HostPatternKind.SubdomainsOnly, "b.test"), Write("b.test")),
            ],
        });
        Assert.Equal("CN=default", (await HandshakeAsync(instance, "other.test")).Subject);
        Assert.Equal("CN=a.test", (await HandshakeAsync(instance, "A.test")).Subject);
        Assert.Equal("CN=b.test", (await HandshakeAsync(instance, "x.b.test")).Subject);
        Assert.Equal(["*", "a.test", "*.b.test"], instance.GetStatus().Certificates.Select(certificate => certificate.Host));
    }

    [Fact]
    public async Task Plain_http_on_the_tls_port_is_told_so_and_logged()
    {
        await using (var instance = await TestInstances.StartAsync(
            new TextMount("/"), environment: new InstanceEnvironment { LogDirectory = _directory }, ssl: new SslSettings { Default = Write("x") }))
        {
            using var client = await RawClient.ConnectAsync(instance.Address);
            await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            var answer = await client.ReadAsync();
            Assert.Equal((400, "This port speaks https.\n"), (answer!.Status, answer.Body));
            Assert.True(await client.IsClosedAsync());
            await HandshakeAsync(instance, "x");
            Assert.Equal(1, instance.GetStatus().Answers4xx);
        }

        var line = Assert.Single(await File.ReadAllLinesAsync(Path.Combine(_directory, "request.log"), TestContext.Current.CancellationToken));
        Assert.Contains(" 400 ", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("h2", SslProtocols.Tls13)]
    [InlineData("http/1.1", SslProtocols.Tls12)]
    public async Task Alpn_chooses_the_version_and_tls_12_is_the_oldest(string protocol, SslProtocols version)
    {
        await using var instance = await StartAsync(new SslSettings { Default = Write("x") });
        var (_, chosen, _) = await HandshakeAsync(instance, "x", protocol, version);
        Assert.Equal(protocol, chosen);
#pragma warning disable SYSLIB0039, CA5397 // that it is refused is the point
        await Assert.ThrowsAnyAsync<Exception>(() => HandshakeAsync(instance, "x", protocol, SslProtocols.Tls11));
#pragma warning restore SYSLIB0039, CA5397
    }

    [Fact]
    public async Task Requests_over_tls_see_https_and_both_versions()
    {
        await using var instance = await StartAsync(new SslSettings { Default = Write("x") });
        using var handler = new SocketsHttpHandler();
#pragma warning disable CA5359 // the certificate is the test's own
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        using var http = new HttpClient(handler) { BaseAddress = new Uri($"https://{instance.Address}") };
        foreach (var version in (Version[])[HttpVersion.Version11, HttpVersion.Version20])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal("https " + (version.Major == 2), await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task A_renewed_certificate_is_taken_up_and_a_bad_one_is_not()
    {
        var files = Write("one");
        await using var instance = await StartAsync(new SslSettings { Default = files });
        Write("two", files);
        await AfterPollAsync(() => instance.GetStatus().Certificates[0].Subject == "CN=two", "the renewed certificate");
        Assert.Equal("CN=two", (await HandshakeAsync(instance, "x")).Subject);

        await File.WriteAllTextAsync(files.CertFile, "nonsense", TestContext.Current.CancellationToken);
        await AfterPollAsync(() => instance.GetStatus().LastError?.Contains("the old one stays", StringComparison.Ordinal) == true, "the complaint");
        Assert.Equal("CN=two", (await HandshakeAsync(instance, "x")).Subject);

        Write("three", files);
        await AfterPollAsync(() => instance.GetStatus().Certificates[0].Subject == "CN=three", "the repaired certificate");

        // The key of another certificate.
        using var key = RSA.Create(2048);
        await File.WriteAllTextAsync(files.KeyFile, key.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        await AfterPollAsync(() => instance.GetStatus().LastErrorAt > _time.Start - TimeSpan.FromDays(1), "the complaint");
        Assert.Equal("CN=three", (await HandshakeAsync(instance, "x")).Subject);
    }

    [Fact]
    public async Task The_chain_is_sent()
    {
        using var rootKey = RSA.Create(2048);
        var rootRequest = new CertificateRequest("CN=root", rootKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = rootRequest.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        using var middleKey = RSA.Create(2048);
        var middleRequest = new CertificateRequest("CN=middle", middleKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        middleRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var unsigned = middleRequest.Create(root, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(25), [7]);
        using var middle = unsigned.CopyWithPrivateKey(middleKey);
        using var key = RSA.Create(2048);
        using var leaf = new CertificateRequest("CN=leaf", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .Create(middle, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(20), [1, 2, 3]);
        var file = Path.Combine(_directory, "chain.pem");
        await File.WriteAllTextAsync(
            file, leaf.ExportCertificatePem() + "\n" + middle.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n", TestContext.Current.CancellationToken);
        await using var instance = await StartAsync(new SslSettings { Default = new CertificateFiles(file, file, null) });
        var (subject, _, sent) = await HandshakeAsync(instance, "x");
        Assert.Equal("CN=leaf", subject);
        Assert.Contains("CN=middle", sent);
    }

    [Fact]
    public async Task An_encrypted_key_needs_its_passphrase()
    {
        var files = Write("locked", passphrase: "secret");
        await using (var instance = await StartAsync(new SslSettings { Default = files }))
        {
            Assert.Equal("CN=locked", (await HandshakeAsync(instance, "x")).Subject);
        }

        var missing = await Assert.ThrowsAsync<CertificateFileException>(
            () => StartAsync(new SslSettings { Default = files with { Passphrase = null } }));
        Assert.Contains("is encrypted and needs a passphrase", missing.Message, StringComparison.Ordinal);
        var wrong = await Assert.ThrowsAsync<CertificateFileException>(
            () => StartAsync(new SslSettings { Default = files with { Passphrase = "wrong" } }));
        Assert.DoesNotContain("\n", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_out_of_reach_after_the_change_of_user_is_served_all_the_same()
    {
        var files = Write("private");
        var mountsMade = false;
        var madeBefore = false;
        await using var instance = await Instance.StartAsync(
            TestInstances.Settings(ssl: new SslSettings { Default = files }),
            new InstanceEnvironment
            {
                BecomeUser = () =>
                {
                    madeBefore = mountsMade;
                    File.Delete(files.KeyFile);
                },
            },
            _ =>
            {
                mountsMade = true;
                return TestInstances.Routes(new TextMount("/", exchange => TextMount.WriteAsync(exchange, "x")));
            },
            TestContext.Current.CancellationToken);

        Assert.Equal("CN=private", (await HandshakeAsync(instance, "x")).Subject);
        Assert.True(mountsMade);
        Assert.False(madeBefore);
    }

    private static async Task<(string Subject, string Protocol, string[] Sent)> HandshakeAsync(
        Instance instance, string name, string protocol = "http/1.1", SslProtocols version = SslProtocols.None)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(instance.Address, TestContext.Current.CancellationToken);
        string[] sent = [];
        await using var stream = new SslStream(socket.GetStream(), false, (_, _, chain, _) =>
        {
            sent = [.. chain!.ChainPolicy.ExtraStore.Select(certificate => certificate.Subject)];
            return true;
        });
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = name,
                EnabledSslProtocols = version,
                ApplicationProtocols = [new SslApplicationProtocol(protocol)],
            },
            TestContext.Current.CancellationToken);
        return (stream.RemoteCertificate!.Subject, stream.NegotiatedApplicationProtocol.ToString(), sent);
    }

    private Task AfterPollAsync(Func<bool> condition, string what) => TestInstances.UntilAsync(
        () =>
        {
            _time.Advance(TimeSpan.FromSeconds(3));
            return condition();
        },
        what);

    private Task<Instance> StartAsync(SslSettings ssl) => TestInstances.StartAsync(
        new TextMount("/", exchange => TextMount.WriteAsync(exchange, $"{exchange.Scheme} {exchange.IsHttp2}")),
        environment: new InstanceEnvironment { Time = _time },
        ssl: ssl);

    private CertificateFiles Write(string name, CertificateFiles? over = null, string? passphrase = null)
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        var files = over ?? new CertificateFiles(Path.Combine(_directory, name + ".crt"), Path.Combine(_directory, name + ".key"), passphrase);
        File.WriteAllText(files.CertFile, certificate.ExportCertificatePem());
        File.WriteAllText(files.KeyFile, passphrase is null
            ? key.ExportPkcs8PrivateKeyPem()
            : key.ExportEncryptedPkcs8PrivateKeyPem(passphrase, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        return files;
    }
}
