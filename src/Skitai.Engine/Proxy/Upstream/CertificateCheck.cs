using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Skitai.Engine.Logging;

namespace Skitai.Engine.Proxy.Upstream;

/// <summary>Takes or refuses the certificate that a member shows on one connection, and says why in words for a log.</summary>
/// <param name="host">Whom it has to be for.</param>
/// <param name="time">The clock.</param>
internal sealed class CertificateCheck(string host, TimeProvider time)
{
    private const int MostNames = 3;
    private const int MostCharacters = 200;

    /// <summary>Why it was refused; null = it was not, or was not looked at.</summary>
    public string? Refusal { get; private set; }

    /// <summary>To be told what .NET has found.</summary>
    public bool Accept(object sender, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors != SslPolicyErrors.None)
        {
            Refusal = shown is not X509Certificate2 certificate ? "it shows no certificate"
                : errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? $"its certificate is for {Names(certificate)}, not for {host}"
                : Describe(certificate, chain);
        }

        return Refusal is null;
    }

    private string Describe(X509Certificate2 certificate, X509Chain? chain)
    {
        var found = X509ChainStatusFlags.NoError;
        foreach (var status in chain?.ChainStatus ?? [])
        {
            found |= status.Status;
        }

        if (found.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            var now = time.GetUtcNow().UtcDateTime;
            return certificate.NotAfter.ToUniversalTime() < now ? $"its certificate ended on {Day(certificate.NotAfter)}"
                : certificate.NotBefore.ToUniversalTime() > now ? $"its certificate begins on {Day(certificate.NotBefore)}"
                : "a certificate of its authority has ended, or has not begun";
        }

        if (found.HasFlag(X509ChainStatusFlags.PartialChain) || found.HasFlag(X509ChainStatusFlags.UntrustedRoot))
        {
            return certificate.Subject == certificate.Issuer ? "its certificate is signed by itself"
                : $"its certificate is of an unknown authority, {Quote(certificate.Issuer)}";
        }

        return found.HasFlag(X509ChainStatusFlags.NotValidForUsage) ? "its certificate is not for servers" : $"its certificate is not good: {found}";
    }

    private static string Names(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(extension => extension.EnumerateDnsNames().Concat(extension.EnumerateIPAddresses().Select(address => address.ToString())))
            .Take(MostNames + 1).ToList();
        return names.Count == 0 ? Quote(certificate.Subject)
            : Quote(string.Join(", ", names.Take(MostNames))) + (names.Count > MostNames ? " and others" : "");
    }

    /// <summary>It is written by whoever answers there.</summary>
    private static string Quote(string text) => OutputText.Escape(text.Length > MostCharacters ? text[..MostCharacters] + "..." : text);

    private static string Day(DateTime moment) => moment.ToUniversalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
