using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Skitaid.FunctionalTests.Harness;

/// <summary>A certificate authority with an intermediate, and the certificates it gives out, as PEM files.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly string _directory;
    private readonly X509Certificate2 _root;
    private readonly X509Certificate2 _intermediate;

    public TestCertificates(string directory)
    {
        _directory = directory;
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var root = new CertificateRequest("CN=test root", rootKey, HashAlgorithmName.SHA256);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        root.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(root.PublicKey, false));
        _root = root.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var intermediate = new CertificateRequest("CN=test intermediate", key, HashAlgorithmName.SHA256);
        intermediate.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        intermediate.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(intermediate.PublicKey, false));
        using var signed = intermediate.Create(_root, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(20), [1, 2, 3]);
        _intermediate = signed.CopyWithPrivateKey(key);
        File.WriteAllText(AuthorityFile, _root.ExportCertificatePem());
    }

    /// <summary>What a client must trust.</summary>
    public string AuthorityFile => Path.Combine(_directory, "authority.pem");

    /// <summary>Writes a chain (leaf and intermediate) and a key, encrypted when a passphrase is given.</summary>
    public (string CertFile, string KeyFile) Write(string host, string? passphrase = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + host, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        using var leaf = request.Create(_intermediate, DateTimeOffset.UtcNow.AddMinutes(-30), DateTimeOffset.UtcNow.AddDays(10), RandomNumberGenerator.GetBytes(8));
        var (certFile, keyFile) = (Path.Combine(_directory, host + ".pem"), Path.Combine(_directory, host + ".key"));
        File.WriteAllText(certFile, leaf.ExportCertificatePem() + "\n" + _intermediate.ExportCertificatePem() + "\n");
        File.WriteAllText(keyFile, passphrase is null
            ? key.ExportPkcs8PrivateKeyPem()
            : key.ExportEncryptedPkcs8PrivateKeyPem(passphrase, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        File.SetUnixFileMode(keyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return (certFile, keyFile);
    }

    public void Dispose()
    {
        _root.Dispose();
        _intermediate.Dispose();
    }
}
