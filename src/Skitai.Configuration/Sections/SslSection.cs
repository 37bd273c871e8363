using Skitai.Configuration.Certificates;
using Skitai.Configuration.Grammar;
using Skitai.Configuration.Keys;
using Skitai.Configuration.Routes;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Sections;

/// <summary><c>[ssl]</c> and <c>[certificates:line]</c>. Their files are only looked at when <c>enable_ssl</c> is on.</summary>
internal sealed class SslSection(ReadContext context)
{
    private static readonly Key<bool> EnableSsl = new(
        "enable_ssl", Kinds.YesNo, false, "Whether the port speaks HTTPS.");

    private static readonly Key<string?> CertFile = new(
        "certfile", Kinds.FilePath, null,
        "PEM file with the certificate, then its chain. A renewed file is taken up without a restart.");

    private static readonly Key<string?> KeyFile = new(
        "keyfile", Kinds.FilePath, null, "PEM file with the private key. Not set = it is in certfile.");

    private static readonly Key<string?> Passphrase = new(
        "passphrase", Kinds.Text, null, "What the key is encrypted with; `${NAME}` keeps it out of the file.")
    { Secret = true };

    public static readonly Section Declaration = new("ssl", "HTTPS.", [EnableSsl, CertFile, KeyFile, Passphrase]);

    public static readonly Section Certificates = new(
        "certificates",
        "Certificates of their own for some host names: `host = certfile, keyfile, passphrase`. `host` is written as in routes (`www.a.com`, `.a.com`, `*.a.com`); keyfile and passphrase may be left out. Other names get the certificate of `[ssl]`.",
        null)
    { KeepsLines = true };

    /// <summary>Reads both; null when the port speaks clear text or something is wrong.</summary>
    public SslSettings? Build(SectionReader reader, ConfSection? lines)
    {
        var enabled = reader.Get(EnableSsl);
        var certFile = reader.Get(CertFile);
        var keyFile = reader.Get(KeyFile);
        var passphrase = reader.Get(Passphrase);
        var certificates = ReadLines(lines, enabled);
        if (!enabled)
        {
            if (certificates.Count > 0)
            {
                context.Errors.Warn(lines!.Line, "[certificates] is not used: the port speaks clear text without enable_ssl = yes in [ssl]");
            }

            return null;
        }

        if (certFile is null)
        {
            reader.Refuse(CertFile, "not set; enable_ssl = yes needs a certificate");
            return null;
        }

        var files = new CertificateFiles(certFile, keyFile ?? certFile, passphrase);
        Check(files, part => part switch
        {
            CertificatePart.Passphrase when reader.Has(Passphrase) => (reader.LineOf(Passphrase), "[ssl] passphrase"),
            not CertificatePart.Certificate when reader.Has(KeyFile) => (reader.LineOf(KeyFile), "[ssl] keyfile"),
            _ => (reader.LineOf(CertFile), "[ssl] certfile"),
        });
        return new SslSettings { Default = files, Certificates = certificates };
    }

    private List<SniCertificate> ReadLines(ConfSection? lines, bool enabled)
    {
        const string place = "[certificates]";
        var certificates = new List<SniCertificate>();
        foreach (var line in lines?.Lines ?? [])
        {
            if (context.Substitute(line.Line, place, line.Text) is not { } text)
            {
                continue;
            }

            // A message never shows such a line: a passphrase may be in it.
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            var host = equals < 0 ? "" : text[..equals].Trim();
            var parts = equals < 0 ? [] : text[(equals + 1)..].Split(',', 3, StringSplitOptions.TrimEntries);
            if (host.Length == 0 || parts is [] or ["", ..])
            {
                context.Errors.Add(line.Line, $"{place} the line is not 'host = certfile, keyfile, passphrase'");
                continue;
            }

            if (HostNames.Read(host, out var problem) is not { } pattern)
            {
                context.Errors.Add(line.Line, $"{place} {problem}");
                continue;
            }

            if (certificates.Exists(other => other.Host == pattern))
            {
                context.Errors.Add(line.Line, $"{place} the host '{pattern}' is there twice");
                continue;
            }

            var certFile = context.Absolute(parts[0]);
            var files = new CertificateFiles(
                certFile,
                parts.Length > 1 && parts[1].Length > 0 ? context.Absolute(parts[1]) : certFile,
                parts.Length > 2 && parts[2].Length > 0 ? parts[2] : null);
            certificates.Add(new SniCertificate(pattern, files) { Line = line.Line });
            if (enabled)
            {
                Check(files, _ => (line.Line, $"{place} {pattern}"));
            }
        }

        return certificates;
    }

    private void Check(CertificateFiles files, Func<CertificatePart, (int Line, string Place)> where)
    {
        try
        {
            using var certificate = ServerCertificate.Load(files);
            var (line, place) = where(CertificatePart.Certificate);
            var now = context.Machine.Clock.GetUtcNow().UtcDateTime;
            if (now > certificate.Leaf.NotAfter.ToUniversalTime())
            {
                context.Errors.Warn(line, $"{place}: the certificate in '{files.CertFile}' expired at {certificate.Leaf.NotAfter.ToUniversalTime():u}");
            }
            else if (now < certificate.Leaf.NotBefore.ToUniversalTime())
            {
                context.Errors.Warn(line, $"{place}: the certificate in '{files.CertFile}' is not valid before {certificate.Leaf.NotBefore.ToUniversalTime():u}");
            }

            if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(files.KeyFile).HasFlag(UnixFileMode.OtherRead))
            {
                (line, place) = where(CertificatePart.Key);
                context.Errors.Warn(line, $"{place}: every user of this machine can read the private key in '{files.KeyFile}'; chmod o= helps");
            }
        }
        catch (CertificateFileException e)
        {
            var (line, place) = where(e.Part);
            context.Errors.Add(line, $"{place}: {e.Message}{Advice(e.Part == CertificatePart.Certificate ? files.CertFile : files.KeyFile)}");
        }
    }

    /// <summary>Confs of the old daemon name files in <c>certifications</c> without a directory.</summary>
    private string Advice(string path)
    {
        var name = Path.GetRelativePath(context.Directory, path);
        return !Files.IsThere(path) && Files.IsThere(context.Absolute($"../certifications/{name}"))
            ? $"; there is '../certifications/{name}'"
            : "";
    }
}
