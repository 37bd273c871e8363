using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Skitai.Engine.Hosting;
using Skitai.Engine.Logging;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Apps;

/// <summary>
/// A Python app at a path: hands requests to the app's pool and its answers to the client. Kestrel has to be set to
/// read and write header values as latin-1, as WSGI has them.
/// </summary>
public sealed partial class AppMount : Mount
{
    private readonly AppPool _pool;
    private readonly EnvironEncoder _environ;
    private readonly FileSender _sender;

    /// <summary>Mounts an app.</summary>
    /// <param name="path">The mount's path as the conf has it.</param>
    /// <param name="pool">The app's workers; the mount starts them, and ends them when disposed. Mounts may share one.</param>
    public AppMount(string path, AppPool pool)
        : base(path)
    {
        ArgumentNullException.ThrowIfNull(pool);
        _pool = pool;
        _sender = new FileSender(pool.Settings.Tune.ResponseTimeout, pool.Time, pool.Log);
        var name = pool.Settings.Server.Name;
        _environ = new EnvironEncoder(Prefix, name.Length > 0 ? name : pool.Settings.InstanceName);
    }

    /// <summary>The app's workers.</summary>
    public AppPool Pool => _pool;

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellation) => _pool.StartAsync(cancellation);

    /// <inheritdoc/>
    public override MountStatus GetStatus()
    {
        var pool = _pool.Status();
        return new MountStatus(Path, "app") { Target = pool.Target, Problem = pool.Problem, Waiting = pool.Waiting, Workers = pool.Workers };
    }

    /// <inheritdoc/>
    public override bool SharesWith(Mount other) => other is AppMount mount && mount._pool == _pool;

    /// <inheritdoc/>
    public override Task WhenUnusedAsync(CancellationToken cancellation) => _pool.WhenUnusedAsync(cancellation);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _pool.DisposeAsync();
        await base.DisposeAsync();
    }

    /// <inheritdoc/>
    public override void Kill() => _pool.Kill();

    /// <inheritdoc/>
    public override ValueTask<MountOutcome> HandleAsync(Exchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        return exchange.Method == "CONNECT" ? ValueTask.FromResult(MountOutcome.MethodNotAllowed)
            : SlashRedirect.Applies(Prefix, exchange) ? SlashRedirect.AnswerAsync(exchange)
            : AnswerAsync(exchange);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<MountOutcome> AnswerAsync(Exchange exchange)
    {
        _pool.Entered();
        try
        {
            if (exchange.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }
                && exchange.Request.Headers.ContentLength != 0)
            {
                await AnswerWithBodyAsync(exchange);
                return MountOutcome.Handled;
            }

            var request = _pool.Rent();
            request.Begin(exchange);
            if (!_environ.Encode(exchange, -1, request))
            {
                await StatusPage.WriteAsync(exchange, StatusCodes.Status400BadRequest);
            }
            else
            {
                _pool.Submit(request);
                await request.WaitAsync();
                if (request.Outcome == AppOutcome.Complete)
                {
                    await WriteCompleteAsync(exchange, request);
                }
                else
                {
                    await AnswerSlowlyAsync(exchange, request, null);
                }
            }

            _pool.Return(request);
            return MountOutcome.Handled;
        }
        finally
        {
            _pool.Left();
        }
    }

    private ValueTask WriteCompleteAsync(Exchange exchange, AppRequest request)
    {
        var head = request.Head!;
        var length = request.BodyLength;
        var isHead = exchange.Method == "HEAD";
        if (head.ContentLength >= 0 && head.ContentLength != length && !isHead && head.HasBody)
        {
            return RefuseAsync(exchange, request, $"Content-Length is {head.ContentLength}, the body has {length} bytes");
        }

        if (!TryWriteHead(exchange, head))
        {
            return RefuseAsync(exchange, request, "its head cannot be sent");
        }

        if (!head.HasBody)
        {
            return default;
        }

        if (head.ContentLength < 0 && (length > 0 || !isHead))
        {
            exchange.Response.Headers.ContentLength = length;
        }

        if (isHead || length == 0)
        {
            return default;
        }

        exchange.BytesSent += length;
        var writer = exchange.ResponseBody.Writer;
        request.Body.CopyTo(writer.GetSpan(length));
        writer.Advance(length);
        return default; // Kestrel sends it with the head, in one piece, when we are done
    }

    private static bool TryWriteHead(Exchange exchange, AnswerHead head)
    {
        var response = exchange.Response;
        try
        {
            response.StatusCode = head.Status;
            response.ReasonPhrase = head.Reason;
            var headers = response.Headers;
            foreach (var (name, value) in head.Headers)
            {
                headers[name] = value;
            }

            if (head.ContentLength >= 0 && head.Status is not (204 or 205))
            {
                headers.ContentLength = head.ContentLength;
            }
        }
        catch (InvalidOperationException)
        {
            response.Headers.Clear();
            response.ReasonPhrase = null;
            return false;
        }

        exchange.BeginAnswer();
        return true;
    }

    private ValueTask RefuseAsync(Exchange exchange, AppRequest request, string fault)
    {
        AppLog.BadAnswer(_pool.Log, _pool.Label, request.Method, OutputText.Escape(request.Url), fault);
        return StatusPage.WriteAsync(exchange, StatusCodes.Status500InternalServerError);
    }
}
