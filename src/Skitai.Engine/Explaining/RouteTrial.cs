using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Skitai.Configuration.Settings;
using Skitai.Engine.Hosting;
using Skitai.Engine.Logging;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Explaining;

/// <summary>
/// Sends a request through an instance's routes without a server: the code that serves takes it from the Host header to
/// the answer's status, so what comes out is what a client would meet. Static mounts are the real ones and look at the
/// real files; in the place of an app and of a cluster stands a witness, so that nothing is started or asked. For one request of one instance.
/// </summary>
public sealed class RouteTrial : IAsyncDisposable
{
    private readonly InstanceSettings _settings;
    private readonly InstanceLogs _logs = new(directory: null, console: false, TimeProvider.System);
    private readonly List<(VirtualHost Host, VirtualHostSettings Settings)> _hosts;
    private readonly HostTable<HostPattern> _patterns;
    private readonly RequestApplication _application;
    private readonly TrustedProxies _nobody = new([]);

    /// <summary>Makes the mounts. Starts nothing.</summary>
    /// <param name="settings">The checked conf.</param>
    public RouteTrial(InstanceSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        _hosts = [.. settings.Hosts.Select(host =>
            (new VirtualHost(host.Names, [.. host.Mounts.Select(line => new TrialMount(line, settings, _logs.Server))]), host))];
        _patterns = new HostTable<HostPattern>(settings.Hosts.SelectMany(host => host.Names).Select(name => (name, name)), null);
        _application = new RequestApplication(
            new RouteTable([.. _hosts.Select(host => host.Host)]), _nobody, _logs, new Counters(), settings.Tune, TimeProvider.System);
    }

    /// <summary>Tries the request, without a body; to be called once.</summary>
    /// <param name="method">The method, in the case in which it is sent.</param>
    /// <param name="host">The Host header.</param>
    /// <param name="target">The request line's target.</param>
    public async Task<TrialResult> AskAsync(string method, string host, string target)
    {
        var features = new FeatureCollection();
        var connection = new DefaultConnectionContext();
        var request = new HttpRequestFeature { Method = method == "GET" ? "HEAD" : method, Protocol = "HTTP/1.1", RawTarget = target };
        request.Headers.Host = host;
        var response = new HttpResponseFeature();
        features.Set<IHttpRequestFeature>(request); // HEAD is decided as GET is, and no body has to go anywhere
        features.Set<IHttpResponseFeature>(response);
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        features.Set<IHttpRequestLifetimeFeature>(new HttpRequestLifetimeFeature());
        features.Set(new ClientConnection(1, connection, _settings.Ssl is not null, _nobody));

        var exchange = _application.CreateContext(features);
        await _application.ProcessRequestAsync(exchange);

        // Not from the exchange: a request can be refused before its target is looked at.
        var isValid = RequestTarget.TryParse(target, out var path, out var query);
        var found = _hosts.Find(entry => ReferenceEquals(entry.Host, exchange.VirtualHost));
        var goesOn = _hosts.SelectMany(entry => entry.Host.Mounts).Cast<TrialMount>().Any(mount => mount.AppAnswers || mount.MemberAnswers);
        var pattern = _patterns.Find(exchange.Host);
        return new TrialResult
        {
            Host = found.Settings,
            Pattern = pattern,
            OtherPatterns = [.. OthersThatMatch(exchange.Host, pattern)],
            HostName = exchange.Host,
            Path = isValid ? path : target,
            Query = query,
            Status = goesOn ? null : response.StatusCode,
            StatusOverHttp2 = goesOn ? null
                : _settings.Ssl is not null && found.Settings is null && response.StatusCode == RequestApplication.StatusWithoutHost(overHttp2AndTls: false)
                    ? RequestApplication.StatusWithoutHost(overHttp2AndTls: true)
                    : response.StatusCode,
            Location = response.Headers.Location.Count > 0 ? response.Headers.Location.ToString() : null,
            Allow = response.Headers.Allow.Count > 0 ? response.Headers.Allow.ToString() : null,
            Mounts = found.Host is null || !isValid ? [] : [.. found.Host.Table.Mounts.Cast<TrialMount>().Select(mount => mount.Tell(path))],
        };
    }

    /// <summary>The line of <c>[certificates]</c> that a handshake for a name gets; null = that of <c>[ssl]</c>.</summary>
    /// <param name="serverName">What the client asks for (SNI): lower case; empty when it names an address.</param>
    public SniCertificate? FindCertificate(string serverName) =>
        new HostTable<SniCertificate>((_settings.Ssl?.Certificates ?? []).Select(line => (line.Host, line)), null).Find(serverName);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var mount in _hosts.SelectMany(entry => entry.Host.Mounts))
        {
            await mount.DisposeAsync();
        }

        _logs.Dispose();
    }

    private IEnumerable<HostPattern> OthersThatMatch(string name, HostPattern? winner) =>
        _settings.Hosts.SelectMany(host => host.Names)
            .Where(pattern => pattern != winner && new HostTable<HostPattern>([(pattern, pattern)], null).Find(name) is not null);
}
