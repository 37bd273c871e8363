using System.Security.Cryptography;
using Skitai.Configuration.Grammar;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Certificates;

/// <summary>
/// The bytes of a certificate's files, so that one process can read them and another one use them. They hold a private
/// key: disposing wipes them.
/// </summary>
public sealed class CertificateContent : IDisposable
{
    /// <summary>The most bytes that a file may have: a key and a chain of any length in use are a small part of it.</summary>
    public const int LargestFile = 256 * 1024;

    /// <summary>Takes over what was read.</summary>
    /// <param name="certificate">The certificate file's bytes.</param>
    /// <param name="key">The key file's bytes; the same array when both are one file.</param>
    public CertificateContent(byte[] certificate, byte[] key) => (Certificate, Key) = (certificate, key);

    /// <summary>The certificate file's bytes.</summary>
    public byte[] Certificate { get; }

    /// <summary>The key file's bytes; the same array as <see cref="Certificate"/> when both are one file.</summary>
    public byte[] Key { get; }

    /// <summary>Reads the files.</summary>
    /// <exception cref="CertificateFileException">One is not there, too large, or may not be read.</exception>
    public static CertificateContent Read(CertificateFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var certificate = ReadFile(files.CertFile, CertificatePart.Certificate);
        try
        {
            return new(certificate, files.KeyFile == files.CertFile ? certificate : ReadFile(files.KeyFile, CertificatePart.Key));
        }
        catch (CertificateFileException)
        {
            CryptographicOperations.ZeroMemory(certificate);
            throw;
        }
    }

    /// <summary>A digest of it all: equal ones are the same certificate, chain and key.</summary>
    public byte[] ComputeDigest()
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        digest.AppendData(BitConverter.GetBytes(Certificate.Length));
        digest.AppendData(Certificate);
        digest.AppendData(Key);
        return digest.GetHashAndReset();
    }

    /// <summary>Wipes it.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(Certificate);
        CryptographicOperations.ZeroMemory(Key);
    }

    private static byte[] ReadFile(string path, CertificatePart part)
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

            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var length = RandomAccess.GetLength(file);
            return length <= LargestFile
                ? ReadAll(file, (int)length)
                : throw new CertificateFileException(part, $"'{path}' is too large for a certificate or key ({LargestFile / 1024} KB at most)");
        }
        catch (UnauthorizedAccessException)
        {
            throw new CertificateFileException(part, $"'{path}' may not be read by this user");
        }
        catch (Exception e) when (e is IOException or NotSupportedException)
        {
            throw new CertificateFileException(part, $"'{path}' cannot be read: {e.Message}");
        }
    }

    private static byte[] ReadAll(Microsoft.Win32.SafeHandles.SafeFileHandle file, int length)
    {
        var bytes = new byte[length];
        var read = 0;
        while (read < length)
        {
            var more = RandomAccess.Read(file, bytes.AsSpan(read), read);
            if (more == 0)
            {
                // It is being written anew: what is here is looked at again when that is done.
                var shorter = bytes[..read];
                CryptographicOperations.ZeroMemory(bytes);
                return shorter;
            }

            read += more;
        }

        return bytes;
    }
}
