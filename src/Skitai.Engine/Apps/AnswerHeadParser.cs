using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Skitai.Engine.Logging;

namespace Skitai.Engine.Apps;

/// <summary>
/// Parses head blocks (<c>STATUS NUL NAME NUL VALUE ...</c>). One per worker, called by its receive loop only: it
/// remembers recent heads by their bytes, since most answers of an app have the head of an earlier one.
/// </summary>
internal sealed class AnswerHeadParser
{
    private const int Remembered = 64, MaxRememberedLength = 512;

    private static readonly SearchValues<char> NameChars =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<char> Controls = SearchValues.Create(
        string.Concat(Enumerable.Range(0, 32).Append(127).Where(code => code != '\t').Select(code => (char)code)));

    private static readonly HashSet<string> HopByHop = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Trailers",
        "Transfer-Encoding", "Upgrade",
    };

    /// <summary>Kestrel finds its field for a header by reference first: use its own strings.</summary>
    private static readonly Dictionary<string, string> KnownNames = new[]
    {
        HeaderNames.ContentType, HeaderNames.Location, HeaderNames.SetCookie, HeaderNames.CacheControl, HeaderNames.ETag,
        HeaderNames.LastModified, HeaderNames.Vary, HeaderNames.Date, HeaderNames.Server, HeaderNames.Expires, HeaderNames.Allow,
        HeaderNames.ContentDisposition, HeaderNames.ContentEncoding, HeaderNames.ContentLanguage, HeaderNames.XFrameOptions,
        HeaderNames.XContentTypeOptions, HeaderNames.WWWAuthenticate, HeaderNames.AcceptRanges, HeaderNames.ContentRange,
    }.ToDictionary(name => name, StringComparer.OrdinalIgnoreCase);

    private readonly (byte[] Block, AnswerHead Head)[] _recent = new (byte[], AnswerHead)[Remembered];

    /// <summary>Parses a head block.</summary>
    /// <returns>The head; null when it is not one that may be sent, with the reason in <paramref name="fault"/>.</returns>
    public AnswerHead? Parse(ReadOnlySpan<byte> block, out string fault)
    {
        fault = "";
        if (block.Length > MaxRememberedLength)
        {
            return Read(block, out _, out fault);
        }

        var hash = default(HashCode);
        hash.AddBytes(block);
        ref var kept = ref _recent[hash.ToHashCode() & (Remembered - 1)];
        if (kept.Block is not null && block.SequenceEqual(kept.Block))
        {
            return kept.Head;
        }

        var head = Read(block, out var hasCookie, out fault);
        if (head is not null && !hasCookie)
        {
            kept = (block.ToArray(), head);
        }

        return head;
    }

    private static AnswerHead? Read(ReadOnlySpan<byte> block, out bool hasCookie, out string fault)
    {
        hasCookie = false;
        fault = "";
        var parts = Encoding.Latin1.GetString(block).Split('\0');
        if (parts.Length % 2 == 0)
        {
            fault = "the head of the answer is cut short";
            return null;
        }

        var line = parts[0];
        if (line.Length < 3 || !int.TryParse(line.AsSpan(0, 3), NumberStyles.None, null, out var status) || status < 200
            || (line.Length > 3 && line[3] != ' ') || line.AsSpan().ContainsAny(Controls))
        {
            fault = $"'{Printable(line)}' is not a status of an answer";
            return null;
        }

        var reason = line.Length > 4 ? line[4..] : "";
        var headers = new List<KeyValuePair<string, StringValues>>(parts.Length / 2);
        var length = -1L;
        for (var i = 1; i < parts.Length; i += 2)
        {
            var (name, value) = (parts[i], parts[i + 1]);
            if (name.Length == 0 || name.AsSpan().ContainsAnyExcept(NameChars) || value.AsSpan().ContainsAny(Controls))
            {
                fault = $"the header '{Printable(name)}' has a character that no header may have";
                return null;
            }

            if (HopByHop.Contains(name))
            {
                fault = $"the header '{name}' is between server and client, not for an app to set";
                return null;
            }

            if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                if (!long.TryParse(value, NumberStyles.None, null, out var number) || (length >= 0 && length != number))
                {
                    fault = $"Content-Length '{Printable(value)}' is not a length";
                    return null;
                }

                length = number;
                continue;
            }

            name = KnownNames.GetValueOrDefault(name, name);
            hasCookie |= ReferenceEquals(name, HeaderNames.SetCookie);
            var same = headers.FindIndex(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (same < 0)
            {
                headers.Add(new(name, value));
            }
            else
            {
                headers[same] = new(headers[same].Key, StringValues.Concat(headers[same].Value, value));
            }
        }

        return new AnswerHead
        {
            Status = status,
            Reason = reason.Length == 0 || reason == ReasonPhrases.GetReasonPhrase(status) ? null : reason,
            Headers = [.. headers],
            ContentLength = length,
        };
    }

    private static string Printable(string text) => OutputText.Escape(text.Length > 80 ? text[..80] + "..." : text);
}
