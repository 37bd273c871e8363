using System.Security.Cryptography;
using System.Text;

namespace Skitai.Engine.Static;

/// <summary>The frame around several ranges sent as one body: multipart/byteranges (RFC 9110 section 14.6).</summary>
internal sealed class MultipartRanges
{
    private readonly byte[][] _heads;
    private readonly byte[] _tail;

    /// <summary>Lays out the body.</summary>
    /// <param name="parts">The ranges.</param>
    /// <param name="size">Bytes of the whole representation.</param>
    /// <param name="contentType">Its media type.</param>
    public MultipartRanges(IReadOnlyList<ByteRange> parts, long size, string contentType)
    {
        var boundary = RandomNumberGenerator.GetHexString(24, lowercase: true);
        ContentType = $"multipart/byteranges; boundary={boundary}";
        _heads = new byte[parts.Count][];
        _tail = Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n");
        Length = _tail.Length;
        for (var i = 0; i < parts.Count; i++)
        {
            _heads[i] = Encoding.ASCII.GetBytes(
                $"{(i == 0 ? "" : "\r\n")}--{boundary}\r\nContent-Type: {contentType}\r\nContent-Range: {parts[i].ContentRange(size)}\r\n\r\n");
            Length += _heads[i].Length + parts[i].Length;
        }
    }

    /// <summary>The answer's media type.</summary>
    public string ContentType { get; }

    /// <summary>The answer's Content-Length.</summary>
    public long Length { get; }

    /// <summary>What goes before a part.</summary>
    public ReadOnlyMemory<byte> Head(int part) => _heads[part];

    /// <summary>What goes behind the last.</summary>
    public ReadOnlyMemory<byte> Tail => _tail;
}
