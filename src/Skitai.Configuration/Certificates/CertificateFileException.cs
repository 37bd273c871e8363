namespace Skitai.Configuration.Certificates;

/// <summary>A certificate that cannot be used. The message is one line for a person.</summary>
public sealed class CertificateFileException : Exception
{
    internal CertificateFileException(CertificatePart part, string message)
        : base(message) => Part = part;

    /// <summary>What of it is wrong.</summary>
    public CertificatePart Part { get; }
}
