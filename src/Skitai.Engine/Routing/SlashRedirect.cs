using System.Text;
using Microsoft.AspNetCore.Http;
using Skitai.Engine.Hosting;

namespace Skitai.Engine.Routing;

/// <summary>
/// Sends who asks for an app's mount itself, <c>/x</c>, to <c>/x/</c>: relative links in its pages count from there. Other
/// methods than GET and HEAD pass, with an empty PATH_INFO: a redirect would lose their body.
/// </summary>
internal static class SlashRedirect
{
    /// <summary>Whether a request is redirected.</summary>
    /// <param name="prefix">What the mount takes off a path; empty at the root.</param>
    /// <param name="exchange">A request below that prefix.</param>
    public static bool Applies(string prefix, Exchange exchange) =>
        exchange.Path.Length == prefix.Length && prefix.Length > 0 && exchange.Method is "GET" or "HEAD";

    /// <summary>Answers 301.</summary>
    public static async ValueTask<MountOutcome> AnswerAsync(string prefix, Exchange exchange)
    {
        var location = new StringBuilder(prefix.Length + 16);
        foreach (var c in prefix)
        {
            if (char.IsAsciiLetterOrDigit(c) || "/-._~!$&'()*+,;=:@".Contains(c, StringComparison.Ordinal))
            {
                location.Append(c);
            }
            else
            {
                location.Append('%').Append(((int)c).ToString("X2"));
            }
        }

        location.Append('/');
        if (exchange.Query.Length > 0)
        {
            location.Append('?').Append(exchange.Query);
        }

        exchange.Response.Headers.Location = location.ToString();
        await StatusPage.WriteAsync(exchange, StatusCodes.Status301MovedPermanently);
        return MountOutcome.Handled;
    }
}
