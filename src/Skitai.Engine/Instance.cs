using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Skitai.Configuration.Settings;
using Skitai.Engine.Hosting;
using Skitai.Engine.Routing;

namespace Skitai.Engine;

/// <summary>
/// One running instance: a Kestrel engine on one listening socket, with the mounts of one conf. The door to this library.
/// </summary>
public sealed class Instance : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly IServer _server;
    private readonly IReadOnlyList<Mount> _mounts;

    private Instance(IHost host, IServer server, IReadOnlyList<Mount> mounts)
    {
        _host = host;
        _server = server;
        _mounts = mounts;
    }

    /// <summary>Starts serving.</summary>
    /// <param name="settings">The checked conf.</param>
    /// <param name="listener">The listening socket's descriptor, inherited from the supervisor; null = bind it here (tests).</param>
    /// <param name="mounts">The mounts, not yet started.</param>
    /// <param name="cancellation">Gives up the start.</param>
    public static async Task<Instance> StartAsync(
        InstanceSettings settings, int? listener, IReadOnlyList<Mount> mounts, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(settings);
        foreach (var mount in mounts)
        {
            await mount.StartAsync(cancellation);
        }

        void Configure(ListenOptions listen) => listen.Protocols = HttpProtocols.Http1;
        var host = new HostBuilder()
            .ConfigureLogging(logging => logging.ClearProviders())
            .ConfigureWebHost(web => web.UseKestrelCore().ConfigureKestrel(kestrel =>
            {
                if (listener is { } descriptor)
                {
                    kestrel.ListenHandle((ulong)descriptor, Configure);
                }
                else
                {
                    kestrel.Listen(new IPEndPoint(settings.Server.Ip, settings.Server.Port), Configure);
                }
            }))
            .Build();
        var server = host.Services.GetRequiredService<IServer>();
        await server.StartAsync(new RequestApplication(new MountTable(mounts)), cancellation);
        return new Instance(host, server, mounts);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(CancellationToken.None);
        _host.Dispose();
        foreach (var mount in _mounts)
        {
            await mount.DisposeAsync();
        }
    }
}
