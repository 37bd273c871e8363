using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skitai.Configuration.Grammar;

namespace Skitai.Configuration.Certificates;

/// <summary>A PEM file with the certificates of authorities that are believed.</summary>
public static class Authorities
{
    /// <summary>The most bytes that such a file may have: a whole system's bundle is a small part of it.</summary>
    public const int LargestFile = 4 * 1024 * 1024;

    /// <summary>Reads the certificates, one or more; they are the caller's to dispose of.</summary>
    /// <param name="path">Absolute.</param>
    /// <exception cref="CertificateFileException">It is not there, may not be read, or has no certificate.</exception>
    public static X509Certificate2Collection Load(string path)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            if (!Files.IsThere(path))
            {
                throw Wrong(Directory.Exists(path) ? $"'{path}' is a directory, not a file" : $"there is no file '{path}'");
            }

            if (new FileInfo(path).Length > LargestFile)
            {
                throw Wrong($"'{path}' is too large for certificates ({LargestFile / (1024 * 1024)} MB at most)");
            }

            certificates.ImportFromPem(File.ReadAllText(path));
        }
        catch (UnauthorizedAccessException)
        {
            throw Wrong($"'{path}' may not be read by this user");
        }
        catch (CryptographicException)
        {
            throw Wrong($"'{path}' has a broken certificate");
        }
        catch (IOException e)
        {
            throw Wrong($"'{path}' cannot be read: {e.Message}");
        }

        return certificates.Count > 0 ? certificates : throw Wrong($"'{path}' has no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
    }

    private static CertificateFileException Wrong(string message) => new(CertificatePart.Certificate, message);
}
