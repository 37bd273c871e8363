namespace Skitai.Configuration.Settings;

/// <summary>One line of <c>[certificates:line]</c>: the names and the certificate they get.</summary>
/// <param name="Host">Which server names (SNI) it answers.</param>
/// <param name="Files">The certificate.</param>
public sealed record SniCertificate(HostPattern Host, CertificateFiles Files)
{
    /// <summary>The line in the conf file, from 1, for messages.</summary>
    public int Line { get; init; }
}
