using System.Net;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace Skitai.Engine.Hosting;

/// <summary>The engine's own answers: a small page that says what is wrong and nothing about the inside.</summary>
public static class StatusPage
{
    /// <summary>
    /// Answers with a status and its page. Further headers (Allow, Retry-After, Location) are set by the caller before.
    /// </summary>
    /// <param name="exchange">The request, its answer not begun.</param>
    /// <param name="status">The status code.</param>
    /// <param name="detail">One sentence for the person in front of it; plain text, null = none.</param>
    public static ValueTask WriteAsync(Exchange exchange, int status, string? detail = null)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        var response = exchange.Response;
        response.StatusCode = status;
        exchange.BeginAnswer();
        if (status is < 200 or 204 or 304)
        {
            return ValueTask.CompletedTask;
        }

        var title = $"{status} {ReasonPhrases.GetReasonPhrase(status)}";
        var body = Encoding.UTF8.GetBytes(
            $"<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head><body><h1>{title}</h1>"
            + (detail is null ? "" : $"<p>{WebUtility.HtmlEncode(detail)}</p>")
            + $"<hr><p><small>skitaid</small></p></body></html>\n");
        response.Headers.ContentType = "text/html; charset=utf-8";
        response.Headers.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        if (exchange.Method == "HEAD")
        {
            return ValueTask.CompletedTask;
        }

        exchange.BytesSent += body.Length;
        return SendAsync(exchange, body);
    }

    private static async ValueTask SendAsync(Exchange exchange, byte[] body) => await exchange.ResponseBody.Writer.WriteAsync(body);
}
