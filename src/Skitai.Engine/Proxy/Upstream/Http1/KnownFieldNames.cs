using System.Text;

namespace Skitai.Engine.Proxy.Upstream.Http1;

/// <summary>Strings for the names that answers usually have, so that they need not be made each time.</summary>
internal static class KnownFieldNames
{
    private static readonly string[] s_names =
    [
        "Accept-Ranges", "Access-Control-Allow-Credentials", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods",
        "Access-Control-Allow-Origin", "Age", "Allow", "Alt-Svc", "Cache-Control", "Connection", "Content-Disposition",
        "Content-Encoding", "Content-Language", "Content-Length", "Content-Location", "Content-Range",
        "Content-Security-Policy", "Content-Type", "Cross-Origin-Opener-Policy", "Date", "ETag", "Expires", "Keep-Alive",
        "Last-Modified", "Link", "Location", "Pragma", "Referrer-Policy", "Retry-After", "Server", "Set-Cookie",
        "Strict-Transport-Security", "Trailer", "Transfer-Encoding", "Upgrade", "Vary", "Via", "WWW-Authenticate",
        "X-Content-Type-Options", "X-Frame-Options", "X-Powered-By", "X-Request-Id",
    ];

    // By length: as written above, and all in lower case, as node and what comes out of HTTP/2 have them.
    private static readonly string[][] s_byLength = Arrange();

    /// <summary>The name as it stands there.</summary>
    public static string Get(ReadOnlySpan<byte> name)
    {
        if (name.Length < s_byLength.Length)
        {
            foreach (var known in s_byLength[name.Length])
            {
                if (Ascii.Equals(name, known))
                {
                    return known;
                }
            }
        }

        return Encoding.ASCII.GetString(name);
    }

    private static string[][] Arrange()
    {
        var byLength = new string[s_names.Max(name => name.Length) + 1][];
        for (var length = 0; length < byLength.Length; length++)
        {
            var these = s_names.Where(name => name.Length == length).ToArray();
            byLength[length] = [.. these, .. these.Select(name => name.ToLowerInvariant())];
        }

        return byLength;
    }
}
