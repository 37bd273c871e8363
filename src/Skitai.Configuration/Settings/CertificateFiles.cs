namespace Skitai.Configuration.Settings;

/// <summary>Where one certificate lives: PEM files, absolute paths.</summary>
/// <param name="CertFile">The certificate, followed by its chain; may hold the key too.</param>
/// <param name="KeyFile">The private key; equal to <paramref name="CertFile"/> when the key is in there.</param>
/// <param name="Passphrase">What the key is encrypted with; null for a plain key.</param>
public sealed record CertificateFiles(string CertFile, string KeyFile, string? Passphrase)
{
    /// <summary>Without the passphrase: this may end in a log.</summary>
    public override string ToString() => $"{CertFile}, {KeyFile}";
}
