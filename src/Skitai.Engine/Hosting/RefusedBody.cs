using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Skitai.Engine.Hosting;

/// <summary>
/// Reads on for a moment after a body was refused: closing on a client that still sends resets the connection, and the
/// reset would overtake the answer that says why.
/// </summary>
internal static class RefusedBody
{
    private const long MaxBytes = 4 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Drops what the client still sends, within bounds.</summary>
    public static async Task SkipAsync(Exchange exchange)
    {
        if (exchange.IsHttp2 || exchange.Request.Headers.Expect.Count > 0)
        {
            // HTTP/2 has LateBody, and who expects 100 waits for it.
            return;
        }

        var limit = exchange.Features.Get<IHttpMaxRequestBodySizeFeature>();
        if (limit is { IsReadOnly: false })
        {
            limit.MaxRequestBodySize = null;
        }

        await exchange.ResponseBody.CompleteAsync();
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            var body = exchange.Http.Request.BodyReader;
            long skipped = 0;
            while (skipped < MaxBytes)
            {
                var read = await body.ReadAsync(patience.Token);
                skipped += read.Buffer.Length;
                body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted || read.IsCanceled)
                {
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or BadHttpRequestException)
        {
            // The client has had its moment.
        }
    }
}
