using System.Text;
using Skitai.Engine.Hosting;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Tests.Hosting;

/// <summary>A mount that answers what a delegate says; by default eleven bytes.</summary>
internal sealed class TextMount(string path, Func<Exchange, ValueTask<MountOutcome>>? answer = null) : Mount(path)
{
    private static readonly byte[] Hello = "Hello world"u8.ToArray();

    public bool IsStarted { get; private set; }

    public bool IsDisposed { get; private set; }

    public static async ValueTask<MountOutcome> WriteAsync(Exchange exchange, string text)
    {
        var body = Encoding.UTF8.GetBytes(text);
        exchange.Response.Headers.ContentLength = body.Length;
        exchange.BeginAnswer();
        exchange.BytesSent += body.Length;
        await exchange.ResponseBody.Stream.WriteAsync(body);
        return MountOutcome.Handled;
    }

    /// <summary>Reads the whole body and answers its length.</summary>
    public static async ValueTask<MountOutcome> CountAsync(Exchange exchange)
    {
        var buffer = new byte[8192];
        int count;
        while ((count = await exchange.Request.Body.ReadAsync(buffer)) > 0)
        {
            exchange.BytesReceived += count;
        }

        return await WriteAsync(exchange, $"{exchange.BytesReceived}");
    }

    public override Task StartAsync(CancellationToken cancellation)
    {
        IsStarted = true;
        return Task.CompletedTask;
    }

    public override ValueTask<MountOutcome> HandleAsync(Exchange exchange)
    {
        if (answer is not null)
        {
            return answer(exchange);
        }

        exchange.Response.Headers.ContentLength = Hello.Length;
        exchange.BeginAnswer();
        exchange.BytesSent += Hello.Length;
        var written = exchange.ResponseBody.Writer.WriteAsync(Hello);
        return written.IsCompletedSuccessfully ? new(MountOutcome.Handled) : new(FinishAsync(written));

        static async Task<MountOutcome> FinishAsync(ValueTask<System.IO.Pipelines.FlushResult> written)
        {
            await written;
            return MountOutcome.Handled;
        }
    }

    public override ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return base.DisposeAsync();
    }
}
