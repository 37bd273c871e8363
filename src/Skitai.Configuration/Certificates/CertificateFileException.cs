namespace Skitai.Configuration.Certificates;

/// <summary>A certificate that cannot be used. The message is one line for a person.</summary>
public sealed class CertificateFileException : Exception
{
    internal CertificateFileException(CertificatePart part, string message, Exception? cause = null)
        : base(message, cause) => Part = part;

    /// <summary>What of it is wrong.</summary>
    public CertificatePart Part { get; }

    /// <summary>Whether the files may be fine: this process has no permission to read them.</summary>
    public bool IsDenied => InnerException is UnauthorizedAccessException;
}
