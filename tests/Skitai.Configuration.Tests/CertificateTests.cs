using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using Skitai.Configuration.Certificates;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Tests;

public sealed class CertificateTests : IDisposable
{
    private const string Mount = "[routes:line]\n/ = /usr\n";

    private const string Passphrase = "fatalbug, or not";

    private static readonly DateTimeOffset From = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Until = new(2026, 12, 31, 0, 0, 0, TimeSpan.Zero);
    private static readonly (string Certificate, RSA Key) Rsa = MakeRsa();
    private static readonly (string Certificate, ECDsa Key) Ec = MakeEc();

    private readonly FakeTimeProvider _clock = new(From.AddDays(30));
    private readonly TreeFixture _tree;

    public CertificateTests()
    {
        _tree = new TreeFixture(_clock).Set("PASS", Passphrase)
            .Write("certifications/rsa.pem", Rsa.Certificate)
            .Write("certifications/ec.pem", Ec.Certificate)
            .Write("certifications/garbage.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            .Write("certifications/chain.pem", Rsa.Certificate + "\n" + Ec.Certificate)
            .Write("certifications/old.key", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n");
        WriteKey("rsa.key", Rsa.Key.ExportPkcs8PrivateKeyPem());
        WriteKey("rsa1.key", Rsa.Key.ExportRSAPrivateKeyPem());
        WriteKey("ec.key", "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + Ec.Key.ExportECPrivateKeyPem());
        WriteKey("locked.key", Rsa.Key.ExportEncryptedPkcs8PrivateKeyPem(Passphrase, Pbe));
        WriteKey("locked-ec.key", Ec.Key.ExportEncryptedPkcs8PrivateKeyPem(Passphrase, Pbe));
        WriteKey("both.pem", Rsa.Certificate + "\n" + Rsa.Key.ExportPkcs8PrivateKeyPem());
    }

    private static PbeParameters Pbe => new(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1000);

    public void Dispose() => _tree.Dispose();

    [Theory]
    [InlineData("certfile = ../certifications/rsa.pem\nkeyfile = ../certifications/rsa.key")]
    [InlineData("certfile = ../certifications/rsa.pem\nkeyfile = ../certifications/rsa1.key")]
    [InlineData("certfile = ../certifications/chain.pem\nkeyfile = ../certifications/rsa.key")]
    [InlineData("certfile = ../certifications/ec.pem\nkeyfile = ../certifications/ec.key")]
    [InlineData("certfile = ../certifications/both.pem")]
    [InlineData("certfile = ../certifications/both.pem\nkeyfile = ../certifications/both.pem\npassphrase =")]
    [InlineData("certfile = ../certifications/rsa.pem\nkeyfile = ../certifications/locked.key\npassphrase = ${PASS}")]
    [InlineData("certfile = ../certifications/ec.pem\nkeyfile = ../certifications/locked-ec.key\npassphrase = fatalbug, or not")]
    [InlineData("certfile = ../certifications/rsa.pem\nkeyfile = ../certifications/rsa.key\npassphrase = not needed")]
    public void What_is_accepted_can_be_loaded_with_its_key(string keys)
    {
        var result = _tree.Read($"{Mount}[ssl]\nenable_ssl = yes\n{keys}");
        Assert.Equal([], result.Errors);
        Assert.Equal([], result.Warnings);
        using var certificate = ServerCertificate.Load(result.Settings!.Ssl!.Default);
        Assert.True(certificate.Leaf.HasPrivateKey);
        Assert.Equal(keys.Contains("chain", StringComparison.Ordinal) ? 1 : 0, certificate.Chain.Count);
    }

    [Theory]
    [InlineData("", 1, "certfile: not set; enable_ssl = yes needs a certificate")]
    [InlineData("certfile = rsa.pem", 3, "certfile: there is no file '{0}/servers-enabled/rsa.pem'; there is '../certifications/rsa.pem'")]
    [InlineData("certfile = ../certifications/none.pem", 3, "certfile: there is no file '{0}/certifications/none.pem'")]
    [InlineData("certfile = ../certifications", 3, "certfile: '{0}/certifications' is a directory, not a file")]
    [InlineData("certfile = ../certifications/rsa.key", 3, "certfile: '{0}/certifications/rsa.key' holds no PEM certificate (-----BEGIN CERTIFICATE-----)")]
    [InlineData("certfile = ../certifications/garbage.pem", 3, "certfile: '{0}/certifications/garbage.pem' holds a damaged certificate")]
    [InlineData("certfile = ../certifications/rsa.pem", 3, "certfile: '{0}/certifications/rsa.pem' holds no PEM private key (-----BEGIN PRIVATE KEY-----)")]
    [InlineData("certfile = ../certifications/rsa.pem\nkeyfile = rsa.key", 4, "keyfile: there is no file '{0}/servers-enabled/rsa.key'; there is '../certifications/rsa.key'")]
    [InlineData("certfile = ../certifications/rsa.pem\nkeyfile = ../certifications/ec.key", 4, "keyfile: the key in '{0}/certifications/ec.key' does not belong to the first certificate in '{0}/certifications/rsa.pem'")]
    [InlineData("certfile = ../certifications/ec.pem\nkeyfile = ../certifications/rsa.key", 4, "keyfile: the key in '{0}/certifications/rsa.key' does not belong to the first certificate in '{0}/certifications/ec.pem'")]
    [InlineData("certfile = ../certifications/rsa.pem\nkeyfile = ../certifications/locked.key", 4, "keyfile: the key in '{0}/certifications/locked.key' is encrypted and needs a passphrase")]
    [InlineData("certfile = ../certifications/rsa.pem\nkeyfile = ../certifications/locked.key\npassphrase = wrong", 5, "passphrase: the passphrase does not open the key in '{0}/certifications/locked.key'")]
    [InlineData("certfile = ../certifications/rsa.pem\nkeyfile = ../certifications/old.key\npassphrase = x", 4, "keyfile: the key in '{0}/certifications/old.key' is encrypted the old way; 'openssl pkcs8 -topk8' converts it")]
    public void What_cannot_be_served_is_an_error_at_the_key_that_is_wrong(string keys, int line, string error)
    {
        Assert.Equal([$"example.conf:{line}: [ssl] {string.Format(error, _tree.Root)}"], _tree.Errors($"[ssl]\nenable_ssl = yes\n{keys}"));
    }

    [Fact]
    public void Nothing_is_looked_at_while_ssl_is_off()
    {
        Assert.Null(_tree.Settings("[ssl]\nenable_ssl = no\ncertfile = none.pem\nkeyfile = none.key\npassphrase =\n[certificates:line]\na.com = none.pem").Ssl);
    }

    [Fact]
    public void Names_may_have_certificates_of_their_own()
    {
        var ssl = _tree.Settings("""
            [ssl]
            enable_ssl = yes
            certfile = ../certifications/both.pem
            [certificates:line]
            www.A.com = ../certifications/ec.pem, ../certifications/ec.key
            .b.com = ../certifications/both.pem
            *.c.com = ../certifications/rsa.pem, ../certifications/locked.key, ${PASS}
            """).Ssl!;
        var directory = Path.Combine(_tree.Root, "certifications");
        Assert.Equal(
            [
                new SniCertificate(new HostPattern(HostPatternKind.Exact, "www.a.com"), new CertificateFiles($"{directory}/ec.pem", $"{directory}/ec.key", null)) { Line = 5 },
                new SniCertificate(new HostPattern(HostPatternKind.DomainAndSubdomains, "b.com"), new CertificateFiles($"{directory}/both.pem", $"{directory}/both.pem", null)) { Line = 6 },
                new SniCertificate(new HostPattern(HostPatternKind.SubdomainsOnly, "c.com"), new CertificateFiles($"{directory}/rsa.pem", $"{directory}/locked.key", Passphrase)) { Line = 7 },
            ],
            ssl.Certificates);
        Assert.DoesNotContain("fatalbug", ssl.ToString() + ssl.Certificates[2], StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_certificate_line_is_an_error_that_shows_no_passphrase()
    {
        var errors = _tree.Errors("""
            [ssl]
            enable_ssl = yes
            certfile = ../certifications/both.pem
            [certificates:line]
            a.com ../certifications/ec.pem, ../certifications/ec.key, hunter2
            = ../certifications/both.pem
            a..com = ../certifications/both.pem
            b.com = ../certifications/both.pem
            b.com = ../certifications/both.pem
            c.com = ../certifications/rsa.pem, ../certifications/locked.key, hunter2
            d.com = ../certifications/none.pem, , hunter2
            """);
        Assert.Equal(
            [
                "example.conf:5: [certificates] the line is not 'host = certfile, keyfile, passphrase'",
                "example.conf:6: [certificates] the line is not 'host = certfile, keyfile, passphrase'",
                "example.conf:7: [certificates] 'a..com' is not a host name; there are www.a.com (this name), .a.com (the name and its subdomains), *.a.com (its subdomains only)",
                "example.conf:9: [certificates] the host 'b.com' is there twice",
                $"example.conf:10: [certificates] c.com: the passphrase does not open the key in '{_tree.Root}/certifications/locked.key'",
                $"example.conf:11: [certificates] d.com: there is no file '{_tree.Root}/certifications/none.pem'",
            ],
            errors);
    }

    [Fact]
    public void An_expired_certificate_is_a_warning_and_stops_nothing()
    {
        const string conf = Mount + "[ssl]\nenable_ssl = yes\ncertfile = ../certifications/both.pem";
        _clock.SetUtcNow(Until);
        Assert.Empty(_tree.Read(conf).Warnings);
        _clock.Advance(TimeSpan.FromSeconds(1));
        var expired = _tree.Read(conf);
        Assert.NotNull(expired.Settings);
        Assert.Equal(
            $"example.conf:5: [ssl] certfile: the certificate in '{_tree.Root}/certifications/both.pem' expired at 2026-12-31 00:00:00Z",
            Assert.Single(expired.Warnings).ToString());
        Assert.Equal(expired.Warnings, _tree.Tree.ReadAll().Warnings);
    }

    [Fact]
    public void A_certificate_of_the_future_is_a_warning()
    {
        using var early = new TreeFixture(new FakeTimeProvider(From.AddSeconds(-1)));
        early.Write("both.pem", Rsa.Certificate + "\n" + Rsa.Key.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(Path.Combine(early.Root, "both.pem"), UnixFileMode.UserRead);
        Assert.Equal(
            $"example.conf:5: [ssl] certfile: the certificate in '{early.Root}/both.pem' is not valid before 2026-01-01 00:00:00Z",
            Assert.Single(early.Read(Mount + "[ssl]\nenable_ssl = yes\ncertfile = ../both.pem").Warnings).ToString());
    }

    [Fact]
    public void A_private_key_that_everybody_can_read_is_a_warning()
    {
        File.SetUnixFileMode(Path.Combine(_tree.Root, "certifications/rsa.key"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        var result = _tree.Read(Mount + "[ssl]\nenable_ssl = yes\ncertfile = ../certifications/rsa.pem\nkeyfile = ../certifications/rsa.key");
        Assert.Equal(
            $"example.conf:6: [ssl] keyfile: every user of this machine can read the private key in '{_tree.Root}/certifications/rsa.key'; chmod o= helps",
            Assert.Single(result.Warnings).ToString());
    }

    private static (string, RSA) MakeRsa()
    {
        var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=rsa.example", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(From, Until);
        return (certificate.ExportCertificatePem(), key);
    }

    private static (string, ECDsa) MakeEc()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=ec.example", key, HashAlgorithmName.SHA256).CreateSelfSigned(From, Until);
        return (certificate.ExportCertificatePem(), key);
    }

    private void WriteKey(string name, string pem)
    {
        _tree.Write($"certifications/{name}", pem);
        File.SetUnixFileMode(Path.Combine(_tree.Root, "certifications", name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void Certificates_of_a_port_that_speaks_clear_text_are_a_warning()
    {
        var result = _tree.Read(Mount + "[certificates:line]\na.com = none.pem");
        Assert.Equal(
            "example.conf:3: [certificates] is not used: the port speaks clear text without enable_ssl = yes in [ssl]",
            Assert.Single(result.Warnings).ToString());
    }
}
