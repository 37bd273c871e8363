using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Microsoft.Extensions.Primitives;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>
/// The chunked coding of an answer, written here and not by Kestrel: that one ends an HTTP/1.1 answer without a trailer
/// section. For clients that ask for trailers (<c>TE: trailers</c>) and answers whose length is not known.
/// </summary>
internal static class ChunkedBody
{
    /// <summary>The Transfer-Encoding by which Kestrel knows that it is not to do it.</summary>
    public static StringValues Coding { get; } = "chunked";

    /// <summary>Whether the client of a request wants it.</summary>
    public static bool IsFor(Exchange exchange) =>
        !exchange.IsHttp2 && exchange.Request.Headers.TE is { Count: > 0 } accepted && exchange.Request.Protocol == "HTTP/1.1"
        && exchange.Method != "HEAD" && TransitFields.IsNamedBy(accepted, "trailers");

    /// <summary>Whether the answer's header section says that it is used.</summary>
    public static bool IsUsed(Exchange exchange) => exchange.Response.Headers.TransferEncoding.Count > 0;

    /// <summary>Writes a chunk.</summary>
    /// <param name="output">The answer's body.</param>
    /// <param name="data">Not empty: that would be the end.</param>
    public static void WriteChunk(IBufferWriter<byte> output, ReadOnlySpan<byte> data)
    {
        Utf8Formatter.TryFormat(data.Length, output.GetSpan(16), out var digits, 'x');
        output.Advance(digits);
        Write(output, "\r\n"u8);
        Write(output, data);
        Write(output, "\r\n"u8);
    }

    /// <summary>Writes the last chunk and the trailer section.</summary>
    public static void WriteEnd(IBufferWriter<byte> output, HeaderList? trailers)
    {
        Write(output, "0\r\n"u8);
        if (trailers is not null)
        {
            foreach (ref readonly var line in trailers.Lines)
            {
                if (!TransitFields.EndsHere(line.Name))
                {
                    Encoding.Latin1.GetBytes(line.Name, output);
                    Write(output, ": "u8);
                    Encoding.Latin1.GetBytes(line.Value, output);
                    Write(output, "\r\n"u8);
                }
            }
        }

        Write(output, "\r\n"u8);
    }

    private static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            // Before the first byte Kestrel has room only for those who say that they need some.
            var room = output.GetSpan(1);
            var count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room);
            output.Advance(count);
            bytes = bytes[count..];
        }
    }
}
