using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Certificates;

/// <summary>
/// A server's certificate, read from PEM files (RFC 7468): the certificate with its private key, and its chain. Reading
/// the conf and serving use this one way, so that what passed the check can be served.
/// </summary>
public sealed class ServerCertificate : IDisposable
{
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
        using var content = CertificateContent.Read(files);
        return Load(files, content);
    }

    /// <summary>Makes a certificate of what the files held when they were read.</summary>
    /// <param name="files">Their names, for messages, and the passphrase.</param>
    /// <param name="content">What was read; it stays the caller's.</param>
    /// <exception cref="CertificateFileException">Something in it cannot be used.</exception>
    public static ServerCertificate Load(CertificateFiles files, CertificateContent content)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(content);
        var text = ToText(content.Certificate);
        var keyText = ToText(content.Key);
        X509Certificate2Collection? certificates = null;
        try
        {
            certificates = ReadCertificates(files.CertFile, text);
            using var key = ReadKey(files, keyText);
            var leaf = WithKey(certificates[0], key, files);
            certificates[0].Dispose();
            certificates.RemoveAt(0);
            return new ServerCertificate(leaf, certificates);
        }
        catch (CertificateFileException)
        {
            Dispose(certificates ?? []);
            throw;
        }
        finally
        {
            Array.Clear(text);
            Array.Clear(keyText);
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

    /// <summary>An array and no string, which could not be wiped.</summary>
    private static char[] ToText(byte[] content)
    {
        var start = content.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        return Encoding.UTF8.GetChars(content, start, content.Length - start);
    }

    private static X509Certificate2Collection ReadCertificates(string path, char[] text)
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

    private static AsymmetricAlgorithm ReadKey(CertificateFiles files, ReadOnlySpan<char> text)
    {
        if (text.Contains(LegacyEncryption, StringComparison.Ordinal))
        {
            throw new CertificateFileException(
                CertificatePart.Key, $"the key in '{files.KeyFile}' is encrypted the old way; 'openssl pkcs8 -topk8' converts it");
        }

        var pem = FindKey(text, out var encrypted);
        if (pem.IsEmpty)
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

    /// <summary>The first key's PEM section; empty when there is none.</summary>
    private static ReadOnlySpan<char> FindKey(ReadOnlySpan<char> text, out bool encrypted)
    {
        encrypted = false;
        while (PemEncoding.TryFind(text, out var fields))
        {
            var label = text[fields.Label];
            if (label is "PRIVATE KEY" or "RSA PRIVATE KEY" or "EC PRIVATE KEY" or "ENCRYPTED PRIVATE KEY")
            {
                encrypted = label is "ENCRYPTED PRIVATE KEY";
                return text[fields.Location];
            }

            text = text[fields.Location.End..];
        }

        return [];
    }

    private static AsymmetricAlgorithm? Import(AsymmetricAlgorithm key, ReadOnlySpan<char> pem, string? passphrase)
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
