using System.Buffers.Text;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace Skitai.Engine.Proxy.Upstream.Http1;

/// <summary>
/// Parses the status line and the header section of one answer after the other on a connection (RFC 9112 sections 4 and 5).
/// A member's answers are much alike: a line that was the same in the answer before is not parsed again, its strings are used.
/// Lines may end with LF alone (section 2.2); nothing else is tolerated.
/// </summary>
internal sealed class AnswerHead
{
    /// <summary>The most bytes of one header section, and of a trailer section.</summary>
    public const int MostBytes = 64 * 1024;

    private const int MostRememberedLines = 32;
    private const int MostRememberedBytes = 512;

    private enum Field : byte
    {
        EndToEnd,
        ContentLength,
        TransferEncoding,
        Connection,
        KeepAlive,
        Upgrade,
        Dropped,
    }

    private struct Remembered
    {
        public byte[]? Bytes;
        public int Length;
        public Field Field;
        public Header Header;
    }

    private readonly Remembered[] _remembered = new Remembered[MostRememberedLines];
    private byte[] _statusLine = [];
    private int _line;
    private int _bytes;
    private bool _toldClose;
    private bool _toldKeepAlive;
    private bool _http10;
    private List<string>? _named;

    /// <summary>The status.</summary>
    public int Status { get; private set; }

    /// <summary>The reason phrase, if it is not the usual one.</summary>
    public string? Reason { get; private set; }

    /// <summary>The end-to-end fields; Upgrade with 101 only.</summary>
    public HeaderList Headers { get; } = new();

    /// <summary>What Content-Length says; -1 = there is none.</summary>
    public long ContentLength { get; private set; }

    /// <summary>Whether the body is in the chunked coding.</summary>
    public bool IsChunked { get; private set; }

    /// <summary>Whether the member keeps the connection open behind the body.</summary>
    public bool KeepsConnection => _http10 ? _toldKeepAlive && !_toldClose : !_toldClose;

    /// <summary>How long, by its Keep-Alive field, the member lets an idle connection be, in seconds; -1 = it does not say.</summary>
    public int KeepAliveSeconds { get; private set; }

    /// <summary>Gets ready for the next answer.</summary>
    public void Begin()
    {
        Headers.Clear();
        _line = _bytes = 0;
        _toldClose = _toldKeepAlive = _http10 = IsChunked = false;
        _named?.Clear();
        ContentLength = -1;
        KeepAliveSeconds = -1;
        Status = 0;
    }

    /// <summary>Parses the lines that are there.</summary>
    /// <param name="input">What is not used up yet.</param>
    /// <param name="consumed">How much is now.</param>
    /// <returns>Whether the header section is complete.</returns>
    /// <exception cref="MemberException">It is no answer, or it has framing that cannot be trusted.</exception>
    public bool Parse(ReadOnlySpan<byte> input, out int consumed)
    {
        consumed = 0;
        while (true)
        {
            var rest = input[consumed..];
            var end = rest.IndexOf((byte)'\n');
            if (_bytes + (end < 0 ? rest.Length : end + 1) > MostBytes)
            {
                throw BadAnswer.Because($"its header section is longer than {MostBytes} bytes");
            }

            if (end < 0)
            {
                if (_line == 0 && !rest.StartsWith("HTTP/"u8) && !"HTTP/"u8.StartsWith(rest))
                {
                    throw BadAnswer.Because("what it sent does not begin as an HTTP answer");
                }

                return false;
            }

            _bytes += end + 1;
            consumed += end + 1;
            var line = end > 0 && rest[end - 1] == '\r' ? rest[..(end - 1)] : rest[..end];
            if (_line == 0)
            {
                TakeStatusLine(line);
            }
            else if (line.IsEmpty)
            {
                Complete();
                return true;
            }
            else
            {
                TakeField(line);
            }

            _line++;
        }
    }

    private void TakeStatusLine(ReadOnlySpan<byte> line)
    {
        if (_statusLine.Length > 0 && line.SequenceEqual(_statusLine))
        {
            Status = ((line[9] - '0') * 100) + ((line[10] - '0') * 10) + line[11] - '0';
            _http10 = line[7] == '0';
            return; // Reason is as it was.
        }

        _statusLine = [];
        if (!line.StartsWith("HTTP/"u8))
        {
            throw BadAnswer.Because("what it sent does not begin as an HTTP answer");
        }

        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || line[7] is < (byte)'0' or > (byte)'9' || line[8] != ' '
            || !Utf8Parser.TryParse(line.Slice(9, 3), out uint status, out var digits) || digits != 3 || status is < 100 or > 999
            || (line.Length > 12 && line[12] != ' ') || FieldLine.HasControl(line))
        {
            throw BadAnswer.Because("its status line is malformed");
        }

        Status = (int)status;
        _http10 = line[7] == '0';
        var reason = line.Length > 13 ? Encoding.Latin1.GetString(line[13..]) : "";
        Reason = reason.Length == 0 || reason == ReasonPhrases.GetReasonPhrase(Status) ? null : reason;
        _statusLine = line.ToArray();
    }

    private void TakeField(ReadOnlySpan<byte> line)
    {
        if (_line > MostRememberedLines || line.Length > MostRememberedBytes)
        {
            var header = FieldLine.Parse(line);
            Take(header, Classify(header));
            return;
        }

        ref var remembered = ref _remembered[_line - 1];
        if (remembered.Length != line.Length || !line.SequenceEqual(remembered.Bytes.AsSpan(0, remembered.Length)))
        {
            remembered.Length = 0;
            remembered.Header = FieldLine.Parse(line);
            remembered.Field = Classify(remembered.Header);
            if (remembered.Bytes is null || remembered.Bytes.Length < line.Length)
            {
                remembered.Bytes = new byte[(line.Length + 15) & ~15];
            }

            line.CopyTo(remembered.Bytes);
            remembered.Length = line.Length;
        }

        Take(remembered.Header, remembered.Field);
    }

    private static Field Classify(Header header)
    {
        var name = header.Name;
        return name.Length switch
        {
            14 when Is(name, "Content-Length") => Field.ContentLength,
            17 when Is(name, "Transfer-Encoding") => Field.TransferEncoding,
            10 when Is(name, "Connection") => Field.Connection,
            10 when Is(name, "Keep-Alive") => Field.KeepAlive,
            7 when Is(name, "Upgrade") => Field.Upgrade,
            7 when Is(name, "Trailer") => Field.Dropped,
            > 6 when name.StartsWith("Proxy-", StringComparison.OrdinalIgnoreCase) => Field.Dropped,
            _ => Field.EndToEnd,
        };

        static bool Is(string name, string wanted) => name.Equals(wanted, StringComparison.OrdinalIgnoreCase);
    }

    private void Take(in Header header, Field field)
    {
        switch (field)
        {
            case Field.ContentLength:
                TakeContentLength(header);
                return;
            case Field.TransferEncoding:
                if (IsChunked || !header.Value.Equals("chunked", StringComparison.OrdinalIgnoreCase))
                {
                    throw BadAnswer.Because($"its Transfer-Encoding is not just chunked: {header.Value}");
                }

                IsChunked = true;
                return;
            case Field.Connection:
                TakeConnection(header.Value);
                return;
            case Field.KeepAlive:
                TakeKeepAlive(header.Value);
                return;
            case Field.Dropped:
            case Field.Upgrade when Status != 101:
                return;
            default:
                Headers.Add(header.Name, header.Value);
                return;
        }
    }

    private void TakeContentLength(in Header header)
    {
        var value = header.Value;
        foreach (var digit in value)
        {
            if (!char.IsAsciiDigit(digit))
            {
                throw BadAnswer.Because($"its Content-Length is no number: {value}");
            }
        }

        if (!long.TryParse(value, out var length))
        {
            throw BadAnswer.Because($"its Content-Length is no number: {value}");
        }

        if (ContentLength >= 0)
        {
            if (ContentLength != length)
            {
                throw BadAnswer.Because("it has two Content-Lengths that differ");
            }

            return; // Said twice: once is enough (RFC 9110 section 8.6).
        }

        ContentLength = length;
        Headers.Add(header.Name, value);
    }

    private void TakeConnection(string value)
    {
        foreach (var range in value.AsSpan().Split(','))
        {
            var option = value.AsSpan(range).Trim(" \t");
            if (option.Equals("close", StringComparison.OrdinalIgnoreCase))
            {
                _toldClose = true;
            }
            else if (option.Equals("keep-alive", StringComparison.OrdinalIgnoreCase))
            {
                _toldKeepAlive = true;
            }
            else if (option.Length > 0 && !option.Equals("upgrade", StringComparison.OrdinalIgnoreCase))
            {
                (_named ??= []).Add(option.ToString());
            }
        }
    }

    private void TakeKeepAlive(string value)
    {
        foreach (var range in value.AsSpan().Split(','))
        {
            var parameter = value.AsSpan(range).Trim(" \t");
            if (parameter.StartsWith("timeout=", StringComparison.OrdinalIgnoreCase) && int.TryParse(parameter[8..], out var seconds) && seconds >= 0)
            {
                KeepAliveSeconds = seconds;
            }
        }
    }

    private void Complete()
    {
        if (IsChunked)
        {
            // RFC 9112 section 6.1: either is an attempt at smuggling or a member gone mad; neither is forwarded.
            if (_http10)
            {
                throw BadAnswer.Because("it has a Transfer-Encoding in HTTP/1.0");
            }

            if (ContentLength >= 0)
            {
                throw BadAnswer.Because("it has both Transfer-Encoding and Content-Length");
            }
        }

        if (_named is { Count: > 0 })
        {
            foreach (var name in _named)
            {
                Headers.Remove(name);
            }
        }
    }
}
