using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Skitai.Engine.Hosting;

/// <summary>
/// Waits for a moment for the rest of a request's body when its answer is over. Over HTTP/2 Kestrel would reset the stream at
/// once and keep it in mind for seconds, and it ends a connection that has many of those: a client whose requests are refused,
/// or whose gRPC calls end early, would lose all that goes on there. Over HTTP/1.1 closing on a client that still sends resets
/// the connection, and the reset would overtake the answer that says why. Mostly the end is on its way already.
/// </summary>
internal static class LateBody
{
    /// <summary>What is thrown away at most of a stream's; more comes only if the client is given more of a window.</summary>
    private const long MostOfStream = 1024 * 1024;

    private const long MostOfRefused = 4 * 1024 * 1024;

    private static readonly TimeSpan s_streamPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_refusedPatience = TimeSpan.FromSeconds(2);

    /// <summary>Whether the client may still be sending.</summary>
    public static bool MayCome(Exchange exchange) =>
        exchange.Method != "CONNECT" && exchange.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };

    /// <summary>Over HTTP/2: ends the answer, and drops what the client still sends, within bounds.</summary>
    public static ValueTask SkipStreamAsync(Exchange exchange) => SkipAsync(exchange, MostOfStream, s_streamPatience);

    /// <summary>Over HTTP/1.1: the same for a request that was refused. Who expects 100 Continue waits for it, and sends nothing.</summary>
    public static ValueTask SkipRefusedAsync(Exchange exchange) =>
        exchange.IsHttp2 || exchange.Request.Headers.Expect.Count > 0 ? default : SkipAsync(exchange, MostOfRefused, s_refusedPatience);

    private static async ValueTask SkipAsync(Exchange exchange, long most, TimeSpan patience)
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
                await SkipAsync(reader, most, patience);
            }
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or BadHttpRequestException or InvalidOperationException)
        {
            // The request was aborted, or the client has had its moment.
        }
    }

    private static async Task SkipAsync(PipeReader reader, long most, TimeSpan patience)
    {
        using var moment = new CancellationTokenSource(patience);
        ReadResult read;
        long skipped = 0;
        do
        {
            read = await reader.ReadAsync(moment.Token);
            skipped += read.Buffer.Length;
        }
        while (!Skip(reader, read) && skipped < most);
    }

    /// <returns>Whether that was the end.</returns>
    private static bool Skip(PipeReader reader, in ReadResult read)
    {
        reader.AdvanceTo(read.Buffer.End);
        return read.IsCompleted;
    }
}
