using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Skitai.Engine.Hosting;

namespace Skitai.Engine.Routing;

/// <summary>
/// Sends who asks for a directory, or for an app's mount itself, <c>/x</c>, to <c>/x/</c>: relative links in its pages
/// count from there. At an app other methods than GET and HEAD pass, with an empty PATH_INFO: a redirect would lose their
/// body.
/// </summary>
internal static class SlashRedirect
{
    /// <summary>Whether a request to an app is redirected.</summary>
    /// <param name="prefix">What the mount takes off a path; empty at the root.</param>
    /// <param name="exchange">A request below that prefix.</param>
    public static bool Applies(string prefix, Exchange exchange) =>
        exchange.Path.Length == prefix.Length && prefix.Length > 0 && exchange.Method is "GET" or "HEAD";

    /// <summary>Answers 301.</summary>
    /// <param name="exchange">The request; its path lacks the slash.</param>
    public static async ValueTask<MountOutcome> AnswerAsync(Exchange exchange)
    {
        exchange.Response.Headers.Location = Location(exchange.Path, exchange.Query);
        await StatusPage.WriteAsync(exchange, StatusCodes.Status301MovedPermanently);
        return MountOutcome.Handled;
    }

    /// <summary>
    /// The path again, percent-encoded, with its slash and the query. One slash in front, since two would name another host
    /// (RFC 3986 section 4.2).
    /// </summary>
    internal static string Location(string path, string query)
    {
        var location = new StringBuilder("/", path.Length + query.Length + 8);
        foreach (var c in path.AsSpan().TrimStart('/'))
        {
            Append(c, char.IsAsciiLetterOrDigit(c) || "/-._~!$&'()*+,;=:@".Contains(c, StringComparison.Ordinal));
        }

        if (location[^1] != '/')
        {
            location.Append('/');
        }

        if (query.Length > 0)
        {
            location.Append('?');
            foreach (var c in query)
            {
                Append(c, c is > ' ' and < '\x7f');
            }
        }

        return location.ToString();

        void Append(char c, bool plain)
        {
            if (plain)
            {
                location.Append(c);
            }
            else
            {
                location.Append('%').Append(((int)c & 0xff).ToString("X2", CultureInfo.InvariantCulture));
            }
        }
    }
}
