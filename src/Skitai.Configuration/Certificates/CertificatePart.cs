namespace Skitai.Configuration.Certificates;

/// <summary>Which part of a certificate's files cannot be used.</summary>
public enum CertificatePart
{
    /// <summary>The certificate and its chain.</summary>
    Certificate,

    /// <summary>The private key.</summary>
    Key,

    /// <summary>What the key is encrypted with.</summary>
    Passphrase,
}
