using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skitai.Configuration.Settings;
using Skitai.Engine.Tests.Hosting;
using Skitai.Engine.Tests.Proxy.Upstream;
using Peer = Skitai.Engine.Tests.Proxy.Upstream.ScriptedMember.Peer;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>An instance that has a cluster <c>@m</c> mounted, made as from a conf, with its logs.</summary>
internal sealed class ProxySite : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skitaid-proxy-").FullName;
    private readonly List<HttpClient> _clients = [];
    private bool _isTls;

    private ProxySite()
    {
    }

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public Instance Instance { get; private set; } = null!;

    public InstanceSettings Settings { get; private set; } = null!;

    public ClusterStatus Cluster => Instance.GetStatus().Clusters[0];

    /// <summary>Starts one.</summary>
    /// <param name="members">Where they are.</param>
    /// <param name="cluster">More of the cluster; by default it is not cached.</param>
    /// <param name="tune">The client's side.</param>
    /// <param name="tls">Whether clients speak TLS.</param>
    /// <param name="path">Where the cluster is mounted.</param>
    /// <param name="trusted">Whether the client is a trusted proxy.</param>
    public static async Task<ProxySite> StartAsync(
        IReadOnlyList<IPEndPoint> members,
        Func<ClusterSettings, ClusterSettings>? cluster = null,
        TuneSettings? tune = null,
        bool tls = false,
        string path = "/",
        bool trusted = false)
    {
        var site = new ProxySite { _isTls = tls };
        var settings = new ClusterSettings
        {
            Name = "@m",
            Members = [.. members.Select(member => new ClusterMember("127.0.0.1", member.Port))],
            Cache = false,
            SlowStart = TimeSpan.Zero,
        };
        site.Settings = TestInstances.Settings(
            tune ?? new TuneSettings { ResponseTimeout = TimeSpan.FromSeconds(10) },
            new ServerSettings { TrustedProxies = trusted ? [System.Net.IPNetwork.Parse("127.0.0.0/8")] : [] },
            tls ? new SslSettings { Default = site.WriteCertificate() } : null) with
        {
            Clusters = [cluster?.Invoke(settings) ?? settings],
            Hosts = [new VirtualHostSettings([], [new MountSettings(path, new ClusterTarget("@m"), 1)])],
        };
        site.Instance = await Instance.StartAsync(site.Settings, new InstanceEnvironment { LogDirectory = site._directory }, Cancellation);
        return site;
    }

    /// <summary>The same with one scripted member.</summary>
    public static Task<ProxySite> StartAsync(
        ScriptedMember member, Func<ClusterSettings, ClusterSettings>? cluster = null, TuneSettings? tune = null, bool tls = false, string path = "/") =>
        StartAsync([member.Address], cluster, tune, tls, path);

    public Uri Url(string path) => new($"{(_isTls ? "https" : "http")}://{Instance.Address}{path}");

    /// <summary>A client of that HTTP version.</summary>
    public HttpClient Http(bool http2)
    {
        var handler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, Expect100ContinueTimeout = TimeSpan.FromSeconds(20) };
#pragma warning disable CA5359 // the certificate is the test\'s own
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        var client = new HttpClient(handler)
        {
            BaseAddress = Url("/"),
            DefaultRequestVersion = http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TimeSpan.FromSeconds(30),
        };
        _clients.Add(client);
        return client;
    }

    /// <summary>A clear-text connection for bytes.</summary>
    public async Task<Peer> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(Instance.Address, Cancellation);
        return new Peer(socket);
    }

    /// <summary>Waits for a line in server.log.</summary>
    /// <returns>That line.</returns>
    public async Task<string> UntilLoggedAsync(string text)
    {
        string? line = null;
        await TestInstances.UntilAsync(
            () => (line = ReadLog("server.log").FirstOrDefault(one => one.Contains(text, StringComparison.Ordinal))) is not null,
            $"a line with: {text}");
        return line!;
    }

    /// <summary>The lines of a log; it is there once something is in it.</summary>
    public string[] ReadLog(string name)
    {
        var path = Path.Combine(_directory, name);
        if (!File.Exists(path))
        {
            return [];
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd().Split('\n');
    }

    /// <summary>Waits until no request is counted anywhere any more.</summary>
    public Task UntilQuietAsync() => TestInstances.UntilAsync(
        () => Instance.GetStatus() is { InFlight: 0 } status && status.Clusters[0].Members.All(member => member.InHand == 0), "all requests to be over");

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        await Instance.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private CertificateFiles WriteCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        var files = new CertificateFiles(Path.Combine(_directory, "cert.pem"), Path.Combine(_directory, "key.pem"), null);
        File.WriteAllText(files.CertFile, certificate.ExportCertificatePem());
        File.WriteAllText(files.KeyFile, key.ExportPkcs8PrivateKeyPem());
        return files;
    }
}
