using Skitai.Configuration.Certificates;
using Skitai.Configuration.Settings;
using Skitai.Posix;

namespace Skitai.Engine.Hosting.Tls;

/// <summary>
/// Looks at a certificate's files again and again, by their <see cref="FileStatus"/>, and reads them when they have changed.
/// Whoever may read the files does this: the instance itself, or its supervisor when the instance serves as a lesser user
/// and is handed what was read. For one caller at a time.
/// </summary>
public sealed class CertificateWatch
{
    private (FileStatus? Certificate, FileStatus? Key) _seen;
    private string? _doubt;

    /// <summary>Takes note of how the files are now; to be made before they are read for the first time.</summary>
    public CertificateWatch(CertificateFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        Files = files;
        _seen = Identify();
    }

    /// <summary>Where the certificate lives.</summary>
    public CertificateFiles Files { get; }

    /// <summary>
    /// Looks once; to be called every few seconds. A pair that does not fit is given a second look before it is told of:
    /// certificate and key are written one after the other.
    /// </summary>
    /// <returns>What has changed; null = nothing that is worth telling.</returns>
    public CertificateChange? Look()
    {
        var now = Identify();
        if (now.Certificate is null || now.Key is null)
        {
            // Gone files are no renewal: somebody is about to put new ones there.
            return null;
        }

        if (now == _seen)
        {
            var doubt = _doubt;
            _doubt = null;
            return doubt is null ? null : new CertificateChange(doubt);
        }

        _seen = now;
        _doubt = null;
        CertificateContent? content = null;
        try
        {
            content = CertificateContent.Read(Files);
            using var tried = ServerCertificate.Load(Files, content);
            return new CertificateChange(content);
        }
        catch (CertificateFileException exception)
        {
            content?.Dispose();
            _doubt = exception.Message;
            return null;
        }
    }

    private (FileStatus? Certificate, FileStatus? Key) Identify() => (PosixFile.GetStatus(Files.CertFile), PosixFile.GetStatus(Files.KeyFile));
}
