using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skitai.Configuration.Grammar;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Certificates;

/// <summary>
/// A server's certificate, read from PEM files (RFC 7468): the certificate with its private key, and its chain. Reading
/// the conf and serving use this one way, so that what passed the check can be served.
/// </summary>
public sealed class ServerCertificate : IDisposable
{
    private const int LargestFile = 1024 * 1024;
    private const string LegacyEncryption = "Proc-Type: 4,ENCRYPTED";

    private ServerCertificate(X509Certificate2 leaf, X509Certificate2Collection chain)
    {
        Leaf = leaf;
        Chain = chain;
    }

    /// <summary>The certificate, with its private key.</summary>
    public X509Certificate2 Leaf { get; }

    /// <summary>The certificates that follow it in the file: what a client needs to get to a root that it trusts.</summary>
    public X509Certificate2Collection Chain { get; }

    /// <summary>Reads the files. A passphrase is only used when the key is encrypted.</summary>
    /// <exception cref="CertificateFileException">Something in them cannot be used.</exception>
    public static ServerCertificate Load(CertificateFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var text = ReadText(files.CertFile, CertificatePart.Certificate);
        var keyText = files.KeyFile == files.CertFile ? text : ReadText(files.KeyFile, CertificatePart.Key);
        var certificates = ReadCertificates(files.CertFile, text);
        try
        {
            using var key = ReadKey(files, keyText);
            var leaf = WithKey(certificates[0], key, files);
            certificates[0].Dispose();
            certificates.RemoveAt(0);
            return new ServerCertificate(leaf, certificates);
        }
        catch (CertificateFileException)
        {
            Dispose(certificates);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Leaf.Dispose();
        Dispose(Chain);
    }

    private static void Dispose(X509Certificate2Collection certificates)
    {
        foreach (var certificate in certificates)
        {
            certificate.Dispose();
        }
    }

    private static string ReadText(string path, CertificatePart part)
    {
        try
        {
            if (Directory.Exists(path))
            {
                throw new CertificateFileException(part, $"'{path}' is a directory, not a file");
            }

            if (!Files.IsThere(path))
            {
                throw new CertificateFileException(part, $"there is no file '{path}'");
            }

            return new FileInfo(path).Length <= LargestFile
                ? File.ReadAllText(path)
                : throw new CertificateFileException(part, $"'{path}' is too large for a certificate or key");
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new CertificateFileException(part, $"'{path}' may not be read by this user", denied);
        }
        catch (IOException e)
        {
            throw new CertificateFileException(part, $"'{path}' cannot be read: {e.Message}");
        }
    }

    private static X509Certificate2Collection ReadCertificates(string path, string text)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(text);
        }
        catch (CryptographicException)
        {
            Dispose(certificates);
            throw new CertificateFileException(CertificatePart.Certificate, $"'{path}' holds a damaged certificate");
        }

        return certificates.Count > 0
            ? certificates
            : throw new CertificateFileException(
                CertificatePart.Certificate, $"'{path}' holds no PEM certificate (-----BEGIN CERTIFICATE-----)");
    }

    private static AsymmetricAlgorithm ReadKey(CertificateFiles files, string text)
    {
        if (text.Contains(LegacyEncryption, StringComparison.Ordinal))
        {
            throw new CertificateFileException(
                CertificatePart.Key, $"the key in '{files.KeyFile}' is encrypted the old way; 'openssl pkcs8 -topk8' converts it");
        }

        if (FindKey(text) is not var (pem, encrypted))
        {
            throw new CertificateFileException(CertificatePart.Key, $"'{files.KeyFile}' holds no PEM private key (-----BEGIN PRIVATE KEY-----)");
        }

        if (encrypted && files.Passphrase is null)
        {
            throw new CertificateFileException(CertificatePart.Passphrase, $"the key in '{files.KeyFile}' is encrypted and needs a passphrase");
        }

        // A PEM label need not tell the algorithm: the one that can read it is it.
        return Import(RSA.Create(), pem, encrypted ? files.Passphrase : null)
            ?? Import(ECDsa.Create(), pem, encrypted ? files.Passphrase : null)
            ?? throw (encrypted
                ? new CertificateFileException(CertificatePart.Passphrase, $"the passphrase does not open the key in '{files.KeyFile}'")
                : new CertificateFileException(CertificatePart.Key, $"the key in '{files.KeyFile}' is damaged, or neither RSA nor EC"));
    }

    private static (string Pem, bool Encrypted)? FindKey(string text)
    {
        ReadOnlySpan<char> rest = text;
        while (PemEncoding.TryFind(rest, out var fields))
        {
            var label = rest[fields.Label];
            if (label is "PRIVATE KEY" or "RSA PRIVATE KEY" or "EC PRIVATE KEY" or "ENCRYPTED PRIVATE KEY")
            {
                return (rest[fields.Location].ToString(), label is "ENCRYPTED PRIVATE KEY");
            }

            rest = rest[fields.Location.End..];
        }

        return null;
    }

    private static AsymmetricAlgorithm? Import(AsymmetricAlgorithm key, string pem, string? passphrase)
    {
        try
        {
            if (passphrase is null)
            {
                key.ImportFromPem(pem);
            }
            else
            {
                key.ImportFromEncryptedPem(pem, passphrase);
            }

            return key;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            key.Dispose();
            return null;
        }
    }

    private static X509Certificate2 WithKey(X509Certificate2 certificate, AsymmetricAlgorithm key, CertificateFiles files)
    {
        try
        {
            return key is RSA rsa ? certificate.CopyWithPrivateKey(rsa) : certificate.CopyWithPrivateKey((ECDsa)key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new CertificateFileException(
                CertificatePart.Key, $"the key in '{files.KeyFile}' does not belong to the first certificate in '{files.CertFile}'");
        }
    }
}
