using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Skitai.Engine.Proxy.Upstream.Http1;

/// <summary>What is gathered to be sent at once: a request's header section and the beginning of its body. Holds on to a small pooled array.</summary>
internal sealed class SendBuffer
{
    /// <summary>The most bytes of a body that are copied to go out in one piece.</summary>
    public const int MostGathered = 32 * 1024;

    private const int Small = 4096;

    private static readonly SearchValues<byte> s_lineBreak = SearchValues.Create(0, (byte)'\r', (byte)'\n');

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(Small);
    private int _count;

    /// <summary>How much is gathered.</summary>
    public int Count => _count;

    /// <summary>What is gathered.</summary>
    public ReadOnlyMemory<byte> Gathered => _bytes.AsMemory(0, _count);

    /// <summary>Empties it; a large array goes back.</summary>
    public void Clear()
    {
        _count = 0;
        if (_bytes.Length > Small)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = ArrayPool<byte>.Shared.Rent(Small);
        }
    }

    /// <summary>What is gathered is sent: room for the next.</summary>
    public void Sent() => _count = 0;

    /// <summary>Gives the array back; nothing is being sent.</summary>
    public void Return()
    {
        var bytes = _bytes;
        (_bytes, _count) = ([], 0);
        ArrayPool<byte>.Shared.Return(bytes);
    }

    /// <summary>Adds the request line and the header section.</summary>
    /// <exception cref="ArgumentException">There is a line break or a NUL in what is to be one line.</exception>
    public void AddHead(MemberRequest request)
    {
        Add(request.Method, " "u8);
        Add(request.Target, " HTTP/1.1\r\nHost: "u8);
        Add(request.Authority, "\r\n"u8);
        AddFields(request.Headers);
        if (request.Body is { } body)
        {
            if (body.Length >= 0)
            {
                Add("Content-Length: "u8);
                AddNumber(body.Length, 'D');
                Add("\r\n"u8);
            }
            else
            {
                Add("Transfer-Encoding: chunked\r\n"u8);
            }

            if (request.ExpectsContinue && body.Length != 0)
            {
                Add("Expect: 100-continue\r\n"u8);
            }
        }
        else if (request.Method is "POST" or "PUT" or "PATCH")
        {
            Add("Content-Length: 0\r\n"u8); // RFC 9110 section 8.6
        }

        if (request.Upgrade is { } protocol)
        {
            Add("Upgrade: "u8);
            Add(protocol, "\r\nConnection: Upgrade"u8);
            Add(request.TakesTrailers ? ", TE\r\nTE: trailers\r\n\r\n"u8 : "\r\n\r\n"u8);
        }
        else
        {
            Add(request.TakesTrailers ? "TE: trailers\r\nConnection: TE\r\n\r\n"u8 : "\r\n"u8);
        }
    }

    /// <summary>Adds field lines.</summary>
    /// <exception cref="ArgumentException">There is a line break or a NUL in one.</exception>
    public void AddFields(HeaderList fields)
    {
        foreach (ref readonly var field in fields.Lines)
        {
            Add(field.Name, ": "u8);
            Add(field.Value, "\r\n"u8);
        }
    }

    /// <summary>Adds bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        _count += bytes.Length;
    }

    /// <summary>Adds a chunk (RFC 9112 section 7.1).</summary>
    /// <param name="data">Not empty: that would be the last chunk.</param>
    public void AddChunk(ReadOnlySpan<byte> data)
    {
        AddNumber(data.Length, 'x');
        Add("\r\n"u8);
        Add(data);
        Add("\r\n"u8);
    }

    /// <summary>Adds the last chunk and the trailer section.</summary>
    /// <exception cref="ArgumentException">There is a line break or a NUL in a trailer.</exception>
    public void AddLastChunk(HeaderList? trailers)
    {
        Add("0\r\n"u8);
        if (trailers is not null)
        {
            AddFields(trailers);
        }

        Add("\r\n"u8);
    }

    private void Add(string text, ReadOnlySpan<byte> behind)
    {
        var room = Room(text.Length + behind.Length);
        var written = Encoding.Latin1.GetBytes(text, room);
        if (room[..written].ContainsAny(s_lineBreak))
        {
            throw new ArgumentException("a line break or NUL within a request's header section", nameof(text));
        }

        behind.CopyTo(room[written..]);
        _count += written + behind.Length;
    }

    private void AddNumber(long number, char format)
    {
        Utf8Formatter.TryFormat(number, Room(20), out var written, format);
        _count += written;
    }

    private Span<byte> Room(int bytes)
    {
        if (_bytes.Length - _count < bytes)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, _count + bytes));
            Buffer.BlockCopy(_bytes, 0, larger, 0, _count);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        return _bytes.AsSpan(_count);
    }
}
