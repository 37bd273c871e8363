using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;
using Skitai.Engine.Hosting.Transport;

namespace Skitai.Engine.Tests.Hosting.Transport;

/// <summary>Kestrel on our transport and nothing else, on a free port.</summary>
internal sealed partial class TransportServer : IAsyncDisposable
{
    /// <summary>How long a client may take nothing.</summary>
    public static readonly TimeSpan StallPatience = TimeSpan.FromSeconds(1);

    private readonly IHost _host;
    private readonly IServer _server;
    private readonly CountingTransport _transport;

    private TransportServer(IHost host, IServer server, CountingTransport transport)
    {
        _host = host;
        _server = server;
        _transport = transport;
    }

    public int Connections => _transport.Count;

    private EndPoint Address => _transport.EndPoint!;

    public static async Task<TransportServer> StartAsync(RequestDelegate answer)
    {
        var transport = new CountingTransport();
        var host = new HostBuilder()
            .ConfigureLogging(logging => logging.ClearProviders())
            .ConfigureWebHost(web => web
                .UseKestrelCore()
                .ConfigureKestrel(kestrel =>
                {
                    kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
                    kestrel.Limits.MaxRequestBodySize = null;
                })
                .ConfigureServices(services => services.AddSingleton<IConnectionListenerFactory>(transport)))
            .Build();
        var server = host.Services.GetRequiredService<IServer>();
        await server.StartAsync(new Application(answer), TestContext.Current.CancellationToken);
        return new TransportServer(host, server, transport);
    }

    /// <summary>Answers with a part of a file, sent by the kernel.</summary>
    public static async Task SendFileAsync(HttpContext exchange, SafeFileHandle file, long offset, long length)
    {
        exchange.Response.ContentLength = length;
        await exchange.Response.StartAsync(exchange.RequestAborted);
        var sender = exchange.Features.GetRequiredFeature<IFileSendFeature>();
        var writer = exchange.Response.BodyWriter;
        sender.BeginFile(file, offset);
        for (var left = length; left > 0;)
        {
            var part = (int)Math.Min(left, FilePlaceholder.Length);
            writer.GetMemory(1);
            writer.Advance(part);
            await writer.FlushAsync(exchange.RequestAborted);
            left -= part;
        }

        sender.EndFile();
    }

    public static async Task<AcceptedPair> AcceptOneAsync()
    {
        var listener = Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.EndPoint);
        var connection = await listener.AcceptAsync() ?? throw new InvalidOperationException("not accepted");
        return new AcceptedPair(listener, client, connection);
    }

    /// <summary>A listener that shares the socket, as an instance shares the supervisor's.</summary>
    public static SocketListener Share(Socket socket, ILogger? log = null) => new(
        new Socket(new SafeSocketHandle(dup((int)socket.SafeHandle.DangerousGetHandle()), ownsHandle: true)),
        StallPatience,
        new AcceptTrouble(log ?? NullLogger.Instance, TimeProvider.System));

    /// <summary>A socket that listens on a free port, as a supervisor has it.</summary>
    public static Socket ListeningSocket()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen(128);
        return socket;
    }

    private static SocketListener Listen() =>
        new(ListeningSocket(), StallPatience, new AcceptTrouble(NullLogger.Instance, TimeProvider.System));

    public HttpClient CreateClient() => new() { BaseAddress = new Uri($"http://{Address}/") };

    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(Address, TestContext.Current.CancellationToken);
        return socket;
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _server.StopAsync(patience.Token);
        _host.Dispose();
    }

    [LibraryImport("libc")]
    private static partial int dup(int descriptor);

    internal sealed record AcceptedPair(IConnectionListener Listener, Socket Client, ConnectionContext Connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await Connection.DisposeAsync();
            await Listener.DisposeAsync();
        }
    }

    private sealed class Application(RequestDelegate answer) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public Task ProcessRequestAsync(HttpContext context) => answer(context);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }
    }

    private sealed class CountingTransport : IConnectionListenerFactory
    {
        private int _count;

        public EndPoint? EndPoint { get; private set; }

        public int Count => Volatile.Read(ref _count);

        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            var listener = Listen();
            EndPoint = listener.EndPoint;
            return ValueTask.FromResult<IConnectionListener>(new CountingListener(this, listener));
        }

        private sealed class CountingListener(CountingTransport owner, IConnectionListener inner) : IConnectionListener
        {
            public EndPoint EndPoint => inner.EndPoint;

            public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
            {
                var connection = await inner.AcceptAsync(cancellationToken);
                if (connection is not null)
                {
                    Interlocked.Increment(ref owner._count);
                }

                return connection;
            }

            public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => inner.UnbindAsync(cancellationToken);

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }
}
