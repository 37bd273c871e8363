using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Skitai.Configuration.Settings;
using Skitai.Engine.Hosting.Tls;
using Skitai.Engine.Hosting.Transport;
using Skitai.Engine.Logging;

namespace Skitai.Engine.Hosting;

/// <summary>Kestrel, set up for an instance: endpoints, TLS, protocols and limits.</summary>
internal sealed class EngineServer : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly IServer _server;
    private readonly ClientListener _listener;
    private readonly IDisposable _refusals;

    /// <summary>Builds the server; nothing listens yet.</summary>
    public EngineServer(
        InstanceSettings settings, int? inherited, InstanceLogs logs, ConnectionGate gate, CertificateTable? certificates, RefusedRequests refused, TimeProvider time)
    {
        // Line ends are CR LF: a bare LF is where two parsers may disagree (RFC 9112 section 2.2 lets us be strict).
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        var address = new IPEndPoint(settings.Server.Ip, settings.Server.Port);
        _listener = new ClientListener(inherited, address, gate, settings.Tune.ResponseTimeout, new AcceptTrouble(logs.Server, time));
        var http2 = new Http2Listener();
        var diagnostics = new DiagnosticListener("skitaid");
        _refusals = refused.Listen(diagnostics);
        _host = new HostBuilder()
            .ConfigureWebHost(web => web.UseKestrelCore().ConfigureKestrel(kestrel =>
            {
                SetLimits(kestrel, settings.Tune);
                kestrel.Listen((EndPoint)address, listen =>
                {
                    listen.Use(gate.Use);
                    if (certificates is null)
                    {
                        listen.Protocols = HttpProtocols.Http1;
                        listen.Use(new Http2Preface(http2, settings.Tune.KeepAlive).Use);
                    }
                    else
                    {
                        listen.Protocols = HttpProtocols.Http1AndHttp2;
                        listen.Use(new PlainHttpRefusal(refused, settings.Tune.HeaderTimeout).Use);
                        listen.UseHttps(new TlsHandshakeCallbackOptions
                        {
                            OnConnection = certificates.ChooseAsync,
                            HandshakeTimeout = settings.Tune.HeaderTimeout,
                        });
                        listen.Use(MarkNegotiated);
                    }
                });
                if (certificates is null)
                {
                    kestrel.Listen(http2.EndPoint, listen =>
                    {
                        listen.Protocols = HttpProtocols.Http2;
                        listen.Use(ConnectionGate.MarkHttp2);
                    });
                }
            }))
            .ConfigureServices(services =>
            {
                services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(logs));
                services.Replace(ServiceDescriptor.Singleton(diagnostics));
                services.RemoveAll<IConnectionListenerFactory>();
                services.AddSingleton<IConnectionListenerFactory>(_listener);
                services.AddSingleton<IConnectionListenerFactory>(http2);
            })
            .Build();
        _server = _host.Services.GetRequiredService<IServer>();
    }

    /// <summary>Where it listens.</summary>
    public EndPoint EndPoint => _listener.EndPoint;

    /// <summary>Begins to serve.</summary>
    public Task StartAsync(RequestApplication application, CancellationToken cancellation) => _server.StartAsync(application, cancellation);

    /// <summary>Stops accepting; what is accepted goes on.</summary>
    public async Task StopAcceptingAsync() => await _listener.UnbindAsync();

    /// <summary>Stops: idle connections at once, the others when they are done or the token says it is enough.</summary>
    public Task StopAsync(CancellationToken enough) => _server.StopAsync(enough);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _refusals.Dispose();
        await _listener.DisposeAsync();
        if (_host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }

    private static ConnectionDelegate MarkNegotiated(ConnectionDelegate next)
    {
        var marked = ConnectionGate.MarkHttp2(next);
        return context =>
        {
            context.Features.Get<ClientConnection>()!.Output = context.Transport.Output;
            return context.Features.Get<ITlsApplicationProtocolFeature>()?.ApplicationProtocol.Span.SequenceEqual("h2"u8) == true
                ? marked(context)
                : next(context);
        };
    }

    private static void SetLimits(KestrelServerOptions kestrel, TuneSettings tune)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;

        // RFC 9112 section 3.2.2: the absolute form's host wins over the Host header.
        kestrel.AllowHostHeaderOverride = true;

        // Header values are bytes, one in each char, as PEP 3333 wants them.
        kestrel.RequestHeaderEncodingSelector = static name => name == "Content-Length" ? LengthEncoding.Instance : Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;

        var limits = kestrel.Limits;
        limits.KeepAliveTimeout = tune.KeepAlive;
        limits.RequestHeadersTimeout = tune.HeaderTimeout;
        limits.MaxRequestHeadersTotalSize = tune.MaxHeaderSize;
        limits.MaxRequestLineSize = tune.MaxHeaderSize;
        limits.MaxRequestBufferSize = Math.Max(1024 * 1024, tune.MaxHeaderSize);
        limits.MaxRequestHeaderCount = 200;
        limits.MaxRequestBodySize = tune.MaxBodySize == 0 ? null : tune.MaxBodySize;

        // A transfer that stands still: Kestrel's slowest allowed rate, measured after the patience of one step. Whoever has a
        // BodyReader for a request's body has this done by it.
        var patience = tune.ResponseTimeout > TimeSpan.FromSeconds(2) ? tune.ResponseTimeout : TimeSpan.FromSeconds(2);
        limits.MinRequestBodyDataRate = new MinDataRate(240, patience);
        limits.MinResponseDataRate = new MinDataRate(240, patience);

        var http2 = limits.Http2;
        http2.MaxStreamsPerConnection = 100;
        http2.MaxRequestHeaderFieldSize = tune.MaxHeaderSize;
        http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
    }
}
