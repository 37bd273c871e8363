using Skitai.Configuration.Certificates;

namespace Skitai.Engine.Hosting.Tls;

/// <summary>What a <see cref="CertificateWatch"/> has found: a certificate and key that fit, or why they cannot be used.</summary>
public sealed class CertificateChange : IDisposable
{
    /// <summary>New files, which are owned from here on.</summary>
    public CertificateChange(CertificateContent content) => Content = content;

    /// <summary>Files that cannot be used, in one line.</summary>
    public CertificateChange(string problem) => Problem = problem;

    /// <summary>The new files; null when there is a <see cref="Problem"/>.</summary>
    public CertificateContent? Content { get; }

    /// <summary>Why the new files cannot be used; null when they can.</summary>
    public string? Problem { get; }

    /// <summary>Wipes the key.</summary>
    public void Dispose() => Content?.Dispose();
}
