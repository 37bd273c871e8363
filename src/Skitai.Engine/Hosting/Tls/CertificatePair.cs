using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Skitai.Configuration.Certificates;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Hosting.Tls;

/// <summary>A certificate with its key and chain, ready for handshakes.</summary>
internal sealed class CertificatePair
{
    private readonly byte[] _digest;

    private CertificatePair(ServerCertificate files, byte[] digest)
    {
        _digest = digest;
        Certificate = files.Leaf;
        Options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(files.Leaf, files.Chain, offline: true),
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

    /// <summary>Reads and checks the files, the way the conf's check has done.</summary>
    /// <exception cref="CertificateFileException">They cannot be used; the message says why.</exception>
    public static CertificatePair Load(CertificateFiles files)
    {
        using var content = CertificateContent.Read(files);
        return Load(files, content);
    }

    /// <summary>Checks what was read of the files.</summary>
    /// <exception cref="CertificateFileException">It cannot be used; the message says why.</exception>
    public static CertificatePair Load(CertificateFiles files, CertificateContent content) =>
        new(ServerCertificate.Load(files, content), content.ComputeDigest());

    /// <summary>Whether it was made of the same bytes.</summary>
    public bool IsMadeOf(CertificateContent content) => content.ComputeDigest().AsSpan().SequenceEqual(_digest);
}
