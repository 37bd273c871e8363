using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Skitai.Configuration.Settings;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Proxy.Upstream;

/// <summary>A member that speaks HTTP/2 as it should, with or without TLS.</summary>
internal sealed class KestrelMember : IAsyncDisposable
{
    private readonly WebApplication _application;

    private KestrelMember(WebApplication application) => _application = application;

    public IPEndPoint Address { get; private set; } = null!;

    public static async Task<KestrelMember> StartAsync(
        RequestDelegate answer, HttpProtocols protocols = HttpProtocols.Http2, X509Certificate2? certificate = null, int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = protocols;
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        builder.WebHost.UseKestrelHttpsConfiguration();
        var application = builder.Build();
        application.Run(answer);
        await application.StartAsync(ScriptedMember.Cancellation);
        var uri = new Uri(application.Urls.Single());
        return new KestrelMember(application) { Address = new IPEndPoint(IPAddress.Loopback, uri.Port) };
    }

    /// <param name="host">Whom it is for.</param>
    /// <param name="day">The middle of the two days it is good for; days from now.</param>
    /// <param name="issuer">Who signs it; null = itself.</param>
    public static X509Certificate2 Certificate(string host, int day = 0, X509Certificate2? issuer = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var (from, until) = (DateTimeOffset.UtcNow.AddDays(day - 1), DateTimeOffset.UtcNow.AddDays(day + 1));
        if (issuer is not null)
        {
            using var signed = request.Create(issuer, new DateTimeOffset(issuer.NotBefore), new DateTimeOffset(issuer.NotAfter), [1]);
            using var whole = signed.CopyWithPrivateKey(key);
            return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
        }

        using var made = request.CreateSelfSigned(from, until);
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    public MemberConnections Connections(ClusterSettings settings, TimeProvider? time = null, TimeSpan? responseTimeout = null)
    {
        var member = new ClusterMember("localhost", Address.Port);
        return MemberConnections.Create(
            settings with { Members = [member] }, member, Address, responseTimeout ?? TimeSpan.FromSeconds(30), time ?? TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _application.StopAsync(now.Token);
        await _application.DisposeAsync();
    }
}
