namespace Skitaid.Control;

/// <summary>
/// For <see cref="InstanceOrder.Certificate"/>: what the supervisor has found in a certificate's files. Two files of the
/// largest size allowed fit into one line. The arrays are wiped by who has made them, and by who has received them.
/// </summary>
/// <param name="CertFile">The certificate file's path, as the conf has it.</param>
/// <param name="KeyFile">The key file's.</param>
/// <param name="CertBytes">What is in the certificate file; null when there is a problem.</param>
/// <param name="KeyBytes">What is in the key file; null when both are one file.</param>
/// <param name="Problem">Why the files cannot be used, in one line.</param>
internal sealed record RenewedCertificate(
    string CertFile, string KeyFile, byte[]? CertBytes = null, byte[]? KeyBytes = null, string? Problem = null);
