using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Skitai.Configuration.Certificates;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Hosting.Tls;

/// <summary>
/// One configured certificate: the pair in use, replaced when its files change. New files are checked in full before they
/// replace the old pair; files that cannot be used are logged once and the old pair stays.
/// </summary>
internal sealed partial class ServedCertificate
{
    private readonly CertificateFiles _files;
    private readonly CertificateWatch? _watch;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Lock _renewing = new();
    private CertificatePair _pair;
    private CertificatePair? _early;
    private string? _refused;

    /// <summary>Reads the files for the first time.</summary>
    /// <param name="host">The names it answers, for messages.</param>
    /// <param name="files">Where it lives.</param>
    /// <param name="watches">Whether <see cref="Refresh"/> looks at the files.</param>
    /// <param name="logger">Hears of renewals.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="CertificateFileException">They cannot be used.</exception>
    public ServedCertificate(string host, CertificateFiles files, bool watches, ILogger logger, TimeProvider time)
    {
        (Host, _files, _logger, _time) = (host, files, logger, time);
        _watch = watches ? new CertificateWatch(files) : null;
        _pair = CertificatePair.Load(files);
    }

    /// <summary>The names it answers.</summary>
    public string Host { get; }

    /// <summary>The pair in use.</summary>
    public CertificatePair Pair => Volatile.Read(ref _pair);

    /// <summary>For the status.</summary>
    public CertificateStatus Status
    {
        get
        {
            var pair = Pair;
            return new CertificateStatus(Host, pair.Certificate.Subject, _files.CertFile, pair.NotAfter);
        }
    }

    /// <summary>Whether these are its files.</summary>
    public bool LivesIn(string certFile, string keyFile) => certFile == _files.CertFile && keyFile == _files.KeyFile;

    /// <summary>Says what will be trouble: it has expired.</summary>
    public void Warn()
    {
        if (_pair.NotAfter < _time.GetUtcNow())
        {
            LogExpired(_logger, Host, _files.CertFile, _pair.NotAfter);
        }
    }

    /// <summary>
    /// Takes up new files if there are any and it is the one who looks, and a certificate that came before its time once it
    /// is valid. To be called every few seconds.
    /// </summary>
    public void Refresh()
    {
        using var change = _watch?.Look();
        if (change is not null)
        {
            Take(change);
        }

        lock (_renewing)
        {
            var now = _time.GetUtcNow();
            if (_early is { } early && (IsValid(early, now) || !IsValid(Pair, now)))
            {
                Use(early);
            }
        }
    }

    /// <summary>Takes up what was found of its files, whoever has looked; what is in use already changes nothing.</summary>
    /// <param name="change">What was found; it stays the caller's.</param>
    public void Take(CertificateChange change)
    {
        lock (_renewing)
        {
            if (change.Content is not { } content)
            {
                Refuse(change.Problem!);
            }
            else if (Pair.IsMadeOf(content))
            {
                // Touched only, or read by a starting process and then handed to it once more.
                (_refused, _early) = (null, null);
            }
            else
            {
                Take(content);
            }
        }
    }

    private void Take(CertificateContent content)
    {
        try
        {
            var renewed = CertificatePair.Load(_files, content);
            var now = _time.GetUtcNow();
            if (IsValid(renewed, now) || !IsValid(Pair, now))
            {
                Use(renewed);
            }
            else if (renewed.NotBefore > now)
            {
                _early = renewed;
                Refuse($"{_files.CertFile}: the new certificate is not valid before {renewed.NotBefore.UtcDateTime:u}; it is taken up then");
            }
            else
            {
                _early = null;
                Refuse($"{_files.CertFile}: the new certificate has expired");
            }
        }
        catch (Exception exception) when (exception is CertificateFileException or CryptographicException)
        {
            Refuse(exception.Message);
        }
    }

    private void Use(CertificatePair renewed)
    {
        // The old pair is left to the collector: handshakes may be using it.
        Volatile.Write(ref _pair, renewed);
        (_refused, _early) = (null, null);
        LogRenewed(_logger, Host, _files.CertFile, renewed.NotAfter);
    }

    private static bool IsValid(CertificatePair pair, DateTimeOffset at) =>
        pair.NotBefore <= at && at <= pair.NotAfter;

    private void Refuse(string reason)
    {
        if (reason != _refused)
        {
            _refused = reason;
            LogKept(_logger, Host, reason);
        }
    }

    [LoggerMessage(EventId = 120, Level = LogLevel.Information, Message = "certificate for {Host} renewed from {File}, valid until {Until:yyyy-MM-dd}")]
    private static partial void LogRenewed(ILogger logger, string host, string file, DateTimeOffset until);

    [LoggerMessage(EventId = 121, Level = LogLevel.Error, Message = "certificate for {Host} changed but cannot be used, the old one stays: {Reason}")]
    private static partial void LogKept(ILogger logger, string host, string reason);

    [LoggerMessage(EventId = 122, Level = LogLevel.Warning, Message = "certificate for {Host} in {File} expired on {Until:yyyy-MM-dd}")]
    private static partial void LogExpired(ILogger logger, string host, string file, DateTimeOffset until);
}
