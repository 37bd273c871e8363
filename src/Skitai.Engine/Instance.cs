using System.Net;
using Microsoft.Extensions.Logging;
using Skitai.Configuration.Certificates;
using Skitai.Configuration.Settings;
using Skitai.Engine.Caching;
using Skitai.Engine.Hosting;
using Skitai.Engine.Hosting.Tls;
using Skitai.Engine.Logging;
using Skitai.Engine.Routing;

namespace Skitai.Engine;

/// <summary>
/// One running instance: a Kestrel engine on one listening socket, with the mounts of one conf. The door to this library.
/// </summary>
public sealed partial class Instance : IAsyncDisposable
{
    private static readonly TimeSpan ShortGrace = TimeSpan.FromSeconds(3);

    private readonly InstanceEnvironment _environment;
    private readonly InstanceLogs _logs;
    private readonly ConnectionGate _gate;
    private readonly Counters _counters = new();
    private readonly RequestRate _rate;
    private readonly MemoryReturn _memory;
    private readonly CertificateTable? _certificates;
    private readonly SharedCache _cache;
    private readonly RequestApplication _application;
    private readonly EngineServer _server;
    private readonly ITimer _tick;
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _startedAt;
    private readonly Lock _stopGate = new();
    private readonly CancellationTokenSource _cut = new(); // without a timer: nothing to dispose of
    private Task? _stopped;
    private volatile bool _draining;
    private InstanceSettings _settings;
    private int _ticks;

    private Instance(
        InstanceSettings settings,
        InstanceEnvironment environment,
        InstanceLogs logs,
        CertificateTable? certificates,
        SharedCache cache,
        RouteTable routes)
    {
        (_settings, _environment, _logs, _time) = (settings, environment, logs, environment.Time);
        _startedAt = _time.GetUtcNow();
        _rate = new RequestRate(_counters);
        _memory = new MemoryReturn(_counters);
        _certificates = certificates;
        _cache = cache;
        var proxies = new TrustedProxies(settings.Server.TrustedProxies);
        _gate = new ConnectionGate(settings.Tune.MaxConnections, settings.Ssl is not null, proxies, logs.Server, _time);
        _application = new RequestApplication(routes, proxies, logs, _counters, settings.Tune, _time);
        _server = new EngineServer(
            settings, environment.Listener, logs, _gate, _certificates, new RefusedRequests(logs.Requests, _counters), _time);
        _tick = _time.CreateTimer(static state => ((Instance)state!).Tick(), this, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address => (IPEndPoint)_server.EndPoint;

    /// <summary>Its logs.</summary>
    public InstanceLogs Logs => _logs;

    /// <summary>Starts serving: returns when every mount is ready, or has said why it is not, and the port answers.</summary>
    /// <param name="settings">The checked conf.</param>
    /// <param name="environment">What the process was given.</param>
    /// <param name="cancellation">Gives up the start.</param>
    /// <exception cref="CertificateFileException">A certificate cannot be used.</exception>
    /// <exception cref="IOException">It cannot listen, or the logs cannot be opened.</exception>
    public static Task<Instance> StartAsync(InstanceSettings settings, InstanceEnvironment environment, CancellationToken cancellation) =>
        StartAsync(settings, environment, (logs, cache) => new MountFactory(settings, environment, logs, cache, []).CreateAll(), cancellation);

    /// <summary>Starts serving mounts that the caller makes, and that need no cache.</summary>
    /// <param name="settings">The checked conf.</param>
    /// <param name="environment">What the process was given.</param>
    /// <param name="createRoutes">Makes the mounts; they are started after that.</param>
    /// <param name="cancellation">Gives up the start.</param>
    internal static Task<Instance> StartAsync(
        InstanceSettings settings, InstanceEnvironment environment, Func<InstanceLogs, RouteTable> createRoutes, CancellationToken cancellation) =>
        StartAsync(settings, environment, (logs, _) => createRoutes(logs), cancellation);

    /// <summary>Starts serving mounts that the caller makes.</summary>
    /// <param name="settings">The checked conf.</param>
    /// <param name="environment">What the process was given.</param>
    /// <param name="createRoutes">Makes the mounts; they are started after that.</param>
    /// <param name="cancellation">Gives up the start.</param>
    internal static async Task<Instance> StartAsync(
        InstanceSettings settings,
        InstanceEnvironment environment,
        Func<InstanceLogs, SharedCache, RouteTable> createRoutes,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var logs = new InstanceLogs(environment.LogDirectory, environment.Console, environment.Time);
        RouteTable? routes = null;
        SharedCache? cache = null;
        try
        {
            var certificates = settings.Ssl is null ? null : new CertificateTable(settings.Ssl, environment.WatchesCertificates, logs.Server, environment.Time);
            environment.BecomeUser?.Invoke();
            certificates?.Warn();
            cache = new SharedCache(settings.Cache, environment.CacheDirectory, settings.Tune.ResponseTimeout, logs.Server, environment.Time);
            routes = createRoutes(logs, cache);
            return await StartAsync(settings, environment, logs, certificates, cache, routes, cancellation);
        }
        catch (Exception exception)
        {
            LogStartFailed(logs.Server, exception.Message);
            foreach (var mount in routes?.Mounts ?? [])
            {
                await mount.DisposeAsync();
            }

            if (cache is not null)
            {
                await cache.DisposeAsync();
            }

            logs.Dispose();
            throw;
        }
    }

    /// <summary>Starts serving ready-made mounts as the default host, without log files.</summary>
    /// <param name="settings">The checked conf; its routes are not looked at.</param>
    /// <param name="listener">The listening socket's descriptor; null = bind it here.</param>
    /// <param name="mounts">The mounts, not yet started.</param>
    /// <param name="cancellation">Gives up the start.</param>
    internal static Task<Instance> StartAsync(
        InstanceSettings settings, int? listener, IReadOnlyList<Mount> mounts, CancellationToken cancellation) =>
        StartAsync(settings, new InstanceEnvironment { Listener = listener }, _ => new RouteTable([new VirtualHost([], mounts)]), cancellation);

    /// <summary>How it does now.</summary>
    public InstanceStatus GetStatus()
    {
        var sum = _counters.Sum();
        var error = _logs.LastError;
        return new InstanceStatus
        {
            Name = _settings.Name,
            Address = _server.EndPoint.ToString() ?? "",
            StartedAt = _startedAt,
            Draining = _draining,
            Connections = _gate.Open,
            ConnectionsTotal = _gate.Total,
            ConnectionsRefused = _gate.Refused,
            Requests = sum.Began,
            RequestsPerSecond = _rate.PerSecond,
            InFlight = sum.Began - sum.Ended,
            Answers2xx = sum.Class2,
            Answers3xx = sum.Class3,
            Answers4xx = sum.Class4,
            Answers5xx = sum.Class5,
            BytesReceived = sum.Received,
            BytesSent = sum.Sent,
            LogLinesLost = _logs.LinesLost,
            Mounts = _application.Routes.GetStatus(),
            Clusters = GetClusterStatus(),
            Certificates = _certificates?.Status ?? [],
            Cache = _cache.GetStatus(),
            LastError = error?.Text,
            LastErrorAt = error?.At,
        };
    }

    /// <summary>Takes no new connection any more; the first step of <see cref="DrainAsync"/>. May be called again.</summary>
    public Task StopAcceptingAsync() => _server.StopAcceptingAsync();

    /// <summary>
    /// Ends without hurting a client. Accepts nothing more (the listening socket is closed here; a successor that shares
    /// it goes on accepting); answers what comes on open connections, each HTTP/1.1 connection's next answer being its
    /// last and HTTP/2 clients getting GOAWAY; an idle connection may wait for its keep-alive time. Then stops.
    /// </summary>
    /// <param name="limit">When what is still open is cut.</param>
    /// <param name="cancellation">Cuts at once.</param>
    public async Task DrainAsync(TimeSpan limit, CancellationToken cancellation)
    {
        LogDraining(_logs.Server, _gate.Open);
        await StopAcceptingAsync();
        _application.Drain();
        _cache.StopWriting(); // a successor has the directory
        _draining = true;
        var empty = _gate.CloseAsync();
        var grace = ShortGrace;
        try
        {
            // Without a connection left there still is the end of their last answers in Kestrel's hands: not to be cut.
            await empty.WaitAsync(limit, _time, cancellation);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            LogCut(_logs.Server, _gate.Open);
            grace = TimeSpan.Zero;
        }

        await StopAsync(grace);
    }

    /// <summary>Rotates the logs now; a log that was moved away from outside is only opened anew.</summary>
    /// <returns>A line for each log that could not be rotated or cannot be written, with why.</returns>
    public Task<IReadOnlyList<string>> RotateLogsAsync() => _logs.RotateAsync();

    /// <summary>
    /// Takes up a renewed certificate that somebody else has read, since this process may not
    /// (<see cref="InstanceEnvironment.WatchesCertificates"/>). It is checked in full; what cannot be used is logged, and the
    /// one in use stays. Connections are not touched: new ones get the new certificate.
    /// </summary>
    /// <param name="certFile">The certificate file's path, as the conf has it; files that are not in the conf are ignored.</param>
    /// <param name="keyFile">The key file's.</param>
    /// <param name="change">What was read, or why it cannot be used; it stays the caller's.</param>
    public void RenewCertificate(string certFile, string keyFile, CertificateChange change) => _certificates?.Renew(certFile, keyFile, change);

    /// <summary>Stops with a short grace for what is in flight, unless it is drained already; ends the mounts and closes the logs.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(ShortGrace);
        await _tick.DisposeAsync();
        await _server.DisposeAsync();

        // All at once: each app's workers get their time to end, and together they get no more than that.
        await _cache.DisposeAsync(); // its fetches are in the clusters
        await EndReloadsAsync();
        await Task.WhenAll([EndAsync(_application.Routes.Mounts), .. _farewells.Select(farewell => farewell.End)]);
        LogStopped(_logs.Server);
        _logs.Dispose();
    }

    /// <summary>
    /// Cuts what is in hand, and ends the workers of all apps at once: for when <see cref="DisposeAsync"/> takes longer than
    /// there is time. May be called again.
    /// </summary>
    public void Cut()
    {
        _cut.Cancel();
        foreach (var mount in MountsWithThoseThatGo())
        {
            mount.Kill();
        }
    }

    private static async Task<Instance> StartAsync(
        InstanceSettings settings,
        InstanceEnvironment environment,
        InstanceLogs logs,
        CertificateTable? certificates,
        SharedCache cache,
        RouteTable routes,
        CancellationToken cancellation)
    {
        var instance = new Instance(settings, environment, logs, certificates, cache, routes);
        try
        {
            await Task.WhenAll(routes.Mounts.Select(mount => mount.StartAsync(cancellation)));
            await instance._server.StartAsync(instance._application, cancellation);
        }
        catch
        {
            await instance._tick.DisposeAsync();
            await instance._server.DisposeAsync();
            throw;
        }

        LogStarted(logs.Server, settings.Name, settings.Ssl is null ? "http" : "https", instance.Address);
        return instance;
    }

    private Task StopAsync(TimeSpan grace)
    {
        lock (_stopGate)
        {
            return _stopped ??= StopOnceAsync(grace);
        }
    }

    private async Task StopOnceAsync(TimeSpan grace)
    {
        await StopAcceptingAsync(); // takes no time, and is not for a cut to break off
        _application.Drain();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(_cut.Token);
        if (grace == TimeSpan.Zero)
        {
            await enough.CancelAsync();
        }
        else
        {
            enough.CancelAfter(grace);
        }

        await _server.StopAsync(enough.Token);
    }

    private void Tick()
    {
        try
        {
            _rate.Sample();
            _memory.Look();
            if (++_ticks % 3 == 0)
            {
                _certificates?.Refresh();
            }
        }
#pragma warning disable CA1031 // What escapes from a timer ends the process, and nothing of this is worth that.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            LogTickFailed(_logs.Server, fault);
        }
    }

    [LoggerMessage(EventId = 130, Level = LogLevel.Information, Message = "{Name} serves on {Scheme}://{Address}")]
    private static partial void LogStarted(ILogger logger, string name, string scheme, IPEndPoint address);

    [LoggerMessage(EventId = 131, Level = LogLevel.Error, Message = "start failed: {Reason}")]
    private static partial void LogStartFailed(ILogger logger, string reason);

    [LoggerMessage(EventId = 132, Level = LogLevel.Information, Message = "draining: {Connections} connections open")]
    private static partial void LogDraining(ILogger logger, int connections);

    [LoggerMessage(EventId = 133, Level = LogLevel.Warning, Message = "drain limit reached: {Connections} connections are cut")]
    private static partial void LogCut(ILogger logger, int connections);

    [LoggerMessage(EventId = 134, Level = LogLevel.Information, Message = "stopped")]
    private static partial void LogStopped(ILogger logger);

    [LoggerMessage(EventId = 136, Level = LogLevel.Error, Message = "the instance's upkeep failed; it goes on in a second")]
    private static partial void LogTickFailed(ILogger logger, Exception fault);
}
