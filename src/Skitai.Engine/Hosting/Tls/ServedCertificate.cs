using Microsoft.Extensions.Logging;
using Skitai.Configuration.Certificates;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Hosting.Tls;

/// <summary>
/// One configured certificate: the pair in use, replaced when its files change. New files are read and checked in full
/// before they replace the old pair; files that cannot be used are logged once and the old pair stays.
/// </summary>
internal sealed partial class ServedCertificate
{
    private const string WhatToDo = "a restart of the instance takes up the new one; a key that its group may read is taken up without";

    private readonly CertificateFiles _files;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private CertificatePair _pair;
    private (FileIdentity? Certificate, FileIdentity? Key) _seen;
    private string? _refused;

    /// <summary>Reads the files for the first time.</summary>
    /// <param name="host">The names it answers, for messages.</param>
    /// <param name="files">Where it lives.</param>
    /// <param name="logger">Hears of renewals.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="CertificateFileException">They cannot be used.</exception>
    public ServedCertificate(string host, CertificateFiles files, ILogger logger, TimeProvider time)
    {
        (Host, _files, _logger, _time) = (host, files, logger, time);
        _seen = Look();
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

    /// <summary>Says what will be trouble: it has expired, or this process could not read a renewed one.</summary>
    public void Warn()
    {
        if (_pair.NotAfter < _time.GetUtcNow())
        {
            LogExpired(_logger, Host, _files.CertFile, _pair.NotAfter);
        }

        foreach (var file in new[] { _files.CertFile, _files.KeyFile }.Distinct(StringComparer.Ordinal).Where(file => !IsReadable(file)))
        {
            LogUnreadable(_logger, Host, file);
        }
    }

    /// <summary>Takes up new files if there are any.</summary>
    public void Refresh()
    {
        var now = Look();
        if (now == _seen || now.Certificate is null || now.Key is null)
        {
            // Gone files are no renewal: somebody is about to put new ones there.
            return;
        }

        _seen = now;
        try
        {
            var renewed = CertificatePair.Load(_files);
            var clock = _time.GetUtcNow();
            if (!IsValid(renewed, clock) && IsValid(Pair, clock))
            {
                LogKept(_logger, Host, $"{_files.CertFile}: the new certificate is not valid now");
                return;
            }

            // The old pair is left to the collector: handshakes may be using it.
            Volatile.Write(ref _pair, renewed);
            _refused = null;
            LogRenewed(_logger, Host, _files.CertFile, renewed.NotAfter);
        }
        catch (CertificateFileException exception)
        {
            // A pair is often written one file after the other: the second change is looked at again.
            if (exception.Message != _refused)
            {
                _refused = exception.Message;
                LogKept(_logger, Host, exception.IsDenied ? $"{exception.Message}: {WhatToDo}" : exception.Message);
            }
        }
    }

    private static bool IsValid(CertificatePair pair, DateTimeOffset at) =>
        pair.NotBefore <= at && at <= pair.NotAfter;

    private static bool IsReadable(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private (FileIdentity? Certificate, FileIdentity? Key) Look() => (FileIdentity.Of(_files.CertFile), FileIdentity.Of(_files.KeyFile));

    [LoggerMessage(EventId = 120, Level = LogLevel.Information, Message = "certificate for {Host} renewed from {File}, valid until {Until:yyyy-MM-dd}")]
    private static partial void LogRenewed(ILogger logger, string host, string file, DateTimeOffset until);

    [LoggerMessage(EventId = 121, Level = LogLevel.Error, Message = "certificate for {Host} changed but cannot be used, the old one stays: {Reason}")]
    private static partial void LogKept(ILogger logger, string host, string reason);

    [LoggerMessage(EventId = 123, Level = LogLevel.Warning, Message = "certificate for {Host}: {File} may not be read by the user of this instance: " + WhatToDo)]
    private static partial void LogUnreadable(ILogger logger, string host, string file);

    [LoggerMessage(EventId = 122, Level = LogLevel.Warning, Message = "certificate for {Host} in {File} expired on {Until:yyyy-MM-dd}")]
    private static partial void LogExpired(ILogger logger, string host, string file, DateTimeOffset until);
}
