using System.Diagnostics;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http.Features;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Hosting;

/// <summary>What Kestrel calls for each request: no host, no middleware, no endpoint routing in between.</summary>
internal sealed class RequestApplication(MountTable mounts) : IHttpApplication<Exchange>
{
    public Exchange CreateContext(IFeatureCollection contextFeatures)
    {
        var kept = contextFeatures as IHostContextContainer<Exchange>;
        var exchange = kept?.HostContext ?? new Exchange();
        if (kept is not null)
        {
            kept.HostContext = exchange;
        }

        exchange.Begin(contextFeatures);
        return exchange;
    }

    public async Task ProcessRequestAsync(Exchange context)
    {
        context.StartedAt = Stopwatch.GetTimestamp();
        var target = context.Request.RawTarget;
        var query = target.IndexOf('?', StringComparison.Ordinal);
        context.Path = query < 0 ? target : target[..query];
        context.Query = query < 0 ? "" : target[(query + 1)..];
        var outcome = await mounts.HandleAsync(context);
        if (outcome != MountOutcome.Handled)
        {
            await StatusPage.WriteAsync(context, outcome == MountOutcome.NotFound ? 404 : 405);
        }
    }

    public void DisposeContext(Exchange context, Exception? exception) => context.End();
}
