using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Skitai.Engine.Hosting;

/// <summary>
/// Waits for a moment for the rest of an HTTP/2 request's body when its answer is over. Kestrel would reset the stream at once
/// and keep it in mind for seconds, and it ends a connection that has many of those: a client whose requests are refused, or
/// whose gRPC calls end early, would lose all that goes on there. Mostly the end is on its way already.
/// </summary>
internal static class LateBody
{
    /// <summary>What is thrown away at most; more comes only if the client is given more of a window.</summary>
    private const long MostBytes = 1024 * 1024;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <summary>Whether the client may still be sending.</summary>
    public static bool MayCome(Exchange exchange) =>
        exchange.Method != "CONNECT" && exchange.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };

    /// <summary>Ends the answer, and drops what the client still sends, within bounds.</summary>
    public static async ValueTask SkipAsync(Exchange exchange)
    {
        try
        {
            if (exchange.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            {
                limit.MaxRequestBodySize = null; // a body that was refused for its size is read on, too
            }

            var reader = exchange.Features.GetRequiredFeature<IRequestBodyPipeFeature>().Reader;
            if (!reader.TryRead(out var read) || !Skip(reader, read))
            {
                await exchange.ResponseBody.CompleteAsync();
                await SkipAsync(reader);
            }
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or BadHttpRequestException or InvalidOperationException)
        {
            // The stream was reset, or the client has had its moment.
        }
    }

    private static async Task SkipAsync(PipeReader reader)
    {
        using var patience = new CancellationTokenSource(s_patience);
        ReadResult read;
        long skipped = 0;
        do
        {
            read = await reader.ReadAsync(patience.Token);
            skipped += read.Buffer.Length;
        }
        while (!Skip(reader, read) && skipped < MostBytes);
    }

    /// <returns>Whether that was the end.</returns>
    private static bool Skip(PipeReader reader, in ReadResult read)
    {
        reader.AdvanceTo(read.Buffer.End);
        return read.IsCompleted;
    }
}
