using System.Diagnostics;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Skitai.Engine.Logging;

namespace Skitai.Engine.Hosting;

/// <summary>
/// Hears from Kestrel of requests that it refuses while it reads them (400, 408, 431, ...): they never become an
/// <see cref="Exchange"/>, but they are counted and logged like the others.
/// </summary>
internal sealed class RefusedRequests(RequestLog log, Counters counters) : IObserver<KeyValuePair<string, object?>>
{
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    /// <summary>Begins to listen.</summary>
    public IDisposable Listen(DiagnosticListener listener) => listener.Subscribe(this, static (name, _, _) => name == BadRequest);

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key != BadRequest || value.Value is not IFeatureCollection features
            || (features as IHostContextContainer<Exchange>)?.HostContext is { IsActive: true })
        {
            return;
        }

        if (features.Get<IHttpResponseFeature>() is { HasStarted: true })
        {
            // It was answered, and logged as that; Kestrel has come upon the fault again while it skipped the rest of the body.
            return;
        }

        var status = features.Get<IBadRequestExceptionFeature>()?.Error is BadHttpRequestException bad ? bad.StatusCode : 400;
        var request = features.Get<IHttpRequestFeature>();
        ReadOnlySpan<byte> client = features.Get<ClientConnection>()?.Text ?? "-"u8;
        log.WriteRefused(client, request?.Method, request?.RawTarget, request?.Protocol, status);
        counters.Refused(status);
    }

    /// <summary>Counts and logs a request that nobody has read.</summary>
    public void Refuse(ClientConnection? client, int status)
    {
        log.WriteRefused(client?.Text ?? "-"u8, null, null, null, status);
        counters.Refused(status);
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }
}
