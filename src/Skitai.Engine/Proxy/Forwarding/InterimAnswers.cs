using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>
/// Passes a member's 1xx answers (103 Early Hints, 102) on to an HTTP/1.1 client. Kestrel has no way to send them, so they
/// go to the connection itself, before Kestrel writes anything of the answer. Over HTTP/2 that cannot be done.
/// </summary>
internal sealed class InterimAnswers(Exchange exchange, PipeWriter output) : IInterimAnswers
{
    /// <summary>For a request whose client can be sent 1xx answers; null for others.</summary>
    public static InterimAnswers? For(Exchange exchange) =>
        !exchange.IsHttp2 && exchange.Connection.Output is { } output && exchange.Request.Protocol == "HTTP/1.1"
        && exchange.Request.Headers.Expect.Count == 0 // Kestrel's own 100 Continue might come in between
            ? new InterimAnswers(exchange, output)
            : null;

    /// <inheritdoc/>
    public async ValueTask TakeAsync(int status, HeaderList headers, CancellationToken cancellation)
    {
        if (status == 100 || exchange.Response.HasStarted)
        {
            return; // 100 is about the body, which is read when the member wants it
        }

        Write("HTTP/1.1 ");
        Write(status.ToString(CultureInfo.InvariantCulture));
        Write(" ");
        Write(status == 103 ? "Early Hints" : ReasonPhrases.GetReasonPhrase(status));
        Write("\r\n");
        foreach (var (name, value) in headers.Lines.ToArray())
        {
            if (!TransitFields.EndsHere(name))
            {
                Write(name);
                Write(": ");
                Write(value);
                Write("\r\n");
            }
        }

        Write("\r\n");
        await output.FlushAsync(cancellation);
    }

    private void Write(string text) => Encoding.Latin1.GetBytes(text, output);
}
