namespace Skitai.Configuration.Settings;

/// <summary>What <c>[ssl]</c> and <c>[certificates:line]</c> say. The files were readable when the conf was checked.</summary>
public sealed record SslSettings
{
    /// <summary>The certificate for every name that <see cref="Certificates"/> does not list.</summary>
    public required CertificateFiles Default { get; init; }

    /// <summary>Certificates chosen by SNI; the pattern follows the rules of virtual hosts.</summary>
    public IReadOnlyList<SniCertificate> Certificates { get; init; } = [];
}
