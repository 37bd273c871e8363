using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Skitaid.FunctionalTests.Harness;

/// <summary>A self-signed certificate for 127.0.0.1 in two files.</summary>
internal static class TestCertificate
{
    /// <summary>Writes cert.pem and key.pem.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="subject">The common name.</param>
    /// <param name="passphrase">Encrypts the key; null = plain.</param>
    /// <param name="days">Until it expires.</param>
    public static (string CertFile, string KeyFile) Write(string directory, string subject = "test", string? passphrase = null, int days = 30)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={subject}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(days));
        var (certFile, keyFile) = (Path.Combine(directory, "cert.pem"), Path.Combine(directory, "key.pem"));
        File.WriteAllText(certFile, certificate.ExportCertificatePem() + "\n");
        File.WriteAllText(keyFile, passphrase is null
            ? key.ExportPkcs8PrivateKeyPem()
            : key.ExportEncryptedPkcs8PrivateKeyPem(passphrase, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        return (certFile, keyFile);
    }

    /// <summary>A client that takes this certificate and no other; each request is a connection of its own.</summary>
    public static HttpClient Client(string certFile)
    {
        var expected = X509CertificateLoader.LoadCertificateFromFile(certFile).GetCertHashString();
        return new HttpClient(new SocketsHttpHandler
        {
            PooledConnectionLifetime = TimeSpan.Zero,
            SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == expected },
        });
    }
}
