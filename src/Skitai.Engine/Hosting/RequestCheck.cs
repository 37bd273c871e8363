using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Skitai.Engine.Hosting;

/// <summary>What RFC 9110, 9112 and 9113 say must be refused and Kestrel lets through.</summary>
internal static class RequestCheck
{
    private static readonly SearchValues<char> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // All control characters but the tab (RFC 9110 section 5.5).
    private static readonly SearchValues<char> Control = SearchValues.Create(
        "\0\x01\x02\x03\x04\x05\x06\x07\x08\n\v\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f");

    /// <summary>Whether names are tokens and values free of control characters, and the body's length said once.</summary>
    public static bool HeadersAreValid(IHeaderDictionary headers, string version)
    {
        foreach (var (name, values) in headers)
        {
            if (name.Length == 0 || (name.AsSpan().ContainsAnyExcept(Token) && name[0] != ':'))
            {
                return false;
            }

            // Not `foreach`: one value is the rule, and its text is at hand.
            for (var index = 0; index < values.Count; index++)
            {
                if (values[index].AsSpan().ContainsAny(Control))
                {
                    return false;
                }
            }
        }

        return headers.TransferEncoding.Count == 0 || (IsPlainChunked(headers) && version == "HTTP/1.1");
    }

    /// <summary>Whether an error is Kestrel's way of saying that a chunk's size is beyond any number: the body makes no sense.</summary>
    public static bool IsNonsense(Exception error) => error is IOException { InnerException: OverflowException };

    /// <summary>
    /// One <c>chunked</c> and no length beside it. Kestrel takes other codings before it, and puts a Content-Length that
    /// came along under another name: both are a smuggler's shapes (RFC 9112 section 6.1).
    /// </summary>
    private static bool IsPlainChunked(IHeaderDictionary headers) =>
        headers.TransferEncoding.Count == 1
        && string.Equals(headers.TransferEncoding[0], "chunked", StringComparison.OrdinalIgnoreCase)
        && !headers.ContainsKey("X-Content-Length");
}
