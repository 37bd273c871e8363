using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Hosting.Tls;

/// <summary>A certificate with its key and chain, read from PEM files and ready for handshakes.</summary>
internal sealed class CertificatePair
{
    private CertificatePair(X509Certificate2 certificate, X509Certificate2Collection chain)
    {
        Certificate = certificate;
        Options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true),
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateRequired = false,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
    }

    /// <summary>The certificate itself.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>When it begins to be valid.</summary>
    public DateTimeOffset NotBefore => new(Certificate.NotBefore);

    /// <summary>When it expires.</summary>
    public DateTimeOffset NotAfter => new(Certificate.NotAfter);

    /// <summary>What a handshake needs; the same object for each, so that sessions can be resumed.</summary>
    public SslServerAuthenticationOptions Options { get; }

    /// <summary>Reads and checks the files: certificate and key belong together, the chain is readable.</summary>
    /// <exception cref="CertificateException">They cannot be used; the message says why.</exception>
    public static CertificatePair Load(CertificateFiles files)
    {
        try
        {
            var certificatePem = File.ReadAllText(files.CertFile);
            var keyPem = files.KeyFile == files.CertFile ? certificatePem : File.ReadAllText(files.KeyFile);
            var isEncrypted = keyPem.Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal);
            if (isEncrypted && files.Passphrase is null)
            {
                throw new CertificateException($"{files.KeyFile}: the key is encrypted and no passphrase is given");
            }

            var certificate = isEncrypted
                ? X509Certificate2.CreateFromEncryptedPem(certificatePem, keyPem, files.Passphrase)
                : X509Certificate2.CreateFromPem(certificatePem, keyPem);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificatePem);
            if (chain.Count > 0)
            {
                chain[0].Dispose();
                chain.RemoveAt(0);
            }

            return new CertificatePair(certificate, chain);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CertificateException($"{files}: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }
}
