using System.Net.Security;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Skitai.Configuration.Certificates;
using Skitai.Configuration.Settings;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Hosting.Tls;

/// <summary>The certificates of an instance, chosen by the name a client asks for (SNI) by the rules of virtual hosts.</summary>
internal sealed class CertificateTable
{
    private readonly ServedCertificate[] _all;
    private readonly HostTable<ServedCertificate> _table;

    /// <summary>Reads every certificate. Logs nothing: the process may still be about to become another user.</summary>
    /// <param name="settings">Which there are.</param>
    /// <param name="watches">Whether <see cref="Refresh"/> looks at the files; else new ones come by <see cref="Renew"/> alone.</param>
    /// <param name="logger">Hears of renewals.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="CertificateFileException">One cannot be used.</exception>
    public CertificateTable(SslSettings settings, bool watches, ILogger logger, TimeProvider time)
    {
        var otherwise = new ServedCertificate("*", settings.Default, watches, logger, time);
        var named = settings.Certificates
            .Select(entry => (entry.Host, new ServedCertificate(entry.Host.ToString(), entry.Files, watches, logger, time)))
            .ToArray();
        _all = [otherwise, .. named.Select(entry => entry.Item2)];
        _table = new HostTable<ServedCertificate>(named, otherwise);
    }

    /// <summary>For the status.</summary>
    public IReadOnlyList<CertificateStatus> Status => [.. _all.Select(certificate => certificate.Status)];

    /// <summary>Chooses for one handshake.</summary>
    public ValueTask<SslServerAuthenticationOptions> ChooseAsync(TlsHandshakeCallbackContext handshake) =>
        new(_table.Find(handshake.ClientHelloInfo.ServerName.TrimEnd('.').ToLowerInvariant())!.Pair.Options);

    /// <summary>Logs what will be trouble: expired certificates.</summary>
    public void Warn()
    {
        foreach (var certificate in _all)
        {
            certificate.Warn();
        }
    }

    /// <summary>Takes up renewed files, if they are looked at here.</summary>
    public void Refresh()
    {
        foreach (var certificate in _all)
        {
            certificate.Refresh();
        }
    }

    /// <summary>Takes up what somebody else has read: for every certificate that lives in these files.</summary>
    public void Renew(string certFile, string keyFile, CertificateChange change)
    {
        foreach (var certificate in _all)
        {
            if (certificate.LivesIn(certFile, keyFile))
            {
                certificate.Take(change);
            }
        }
    }
}
