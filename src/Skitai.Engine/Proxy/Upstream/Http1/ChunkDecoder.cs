namespace Skitai.Engine.Proxy.Upstream.Http1;

/// <summary>
/// Takes the chunked coding off an answer's body (RFC 9112 section 7.1), in place. Strict: every line ends with CRLF, a size
/// is hexadecimal digits only; extensions are skipped, but not without end.
/// </summary>
internal struct ChunkDecoder
{
    /// <summary>The most bytes in a chunk's line, extensions included.</summary>
    public const int MostLineBytes = 4096;

    private enum Step : byte
    {
        FirstDigit,
        Digits,
        Extension,
        SizeEnd,
        Data,
        DataEnd,
        DataEndLine,
        Trailers,
    }

    private Step _step;
    private int _lineBytes;
    private long _size;

    /// <summary>Whether all data is through; the trailer section is next.</summary>
    public readonly bool AtTrailers => _step == Step.Trailers;

    /// <summary>
    /// Decodes as much as there is. The data of several chunks is moved together, so that it is one piece.
    /// </summary>
    /// <param name="input">What the connection brought; changed.</param>
    /// <param name="consumed">How much of it was used up.</param>
    /// <param name="from">Where in it the data is.</param>
    /// <param name="count">How much data there is.</param>
    /// <exception cref="MemberException">It is not the chunked coding.</exception>
    public void Decode(Span<byte> input, out int consumed, out int from, out int count)
    {
        consumed = from = count = 0;
        while (consumed < input.Length && _step != Step.Trailers)
        {
            if (_step == Step.Data)
            {
                var taken = (int)Math.Min(_size, input.Length - consumed);
                if (count == 0)
                {
                    from = consumed;
                }
                else
                {
                    input.Slice(consumed, taken).CopyTo(input[(from + count)..]);
                }

                count += taken;
                consumed += taken;
                _size -= taken;
                if (_size == 0)
                {
                    _step = Step.DataEnd;
                }

                continue;
            }

            TakeByte(input[consumed++]);
        }
    }

    private void TakeByte(byte next)
    {
        switch (_step)
        {
            case Step.FirstDigit:
                _size = 0;
                _lineBytes = 0;
                TakeDigit(next);
                _step = Step.Digits;
                break;
            case Step.Digits:
                if (next == '\r')
                {
                    _step = Step.SizeEnd;
                }
                else if (next is (byte)';' or (byte)' ' or (byte)'\t')
                {
                    _step = Step.Extension;
                }
                else
                {
                    TakeDigit(next);
                }

                break;
            case Step.Extension:
                if (next == '\r')
                {
                    _step = Step.SizeEnd;
                }
                else if (next is < (byte)' ' and not (byte)'\t' or 0x7F)
                {
                    throw BadAnswer.Because("a chunk extension has a control character");
                }

                break;
            case Step.SizeEnd:
                Expect(next, '\n');
                _step = _size == 0 ? Step.Trailers : Step.Data;
                return;
            case Step.DataEnd:
                Expect(next, '\r');
                _step = Step.DataEndLine;
                return;
            default:
                Expect(next, '\n');
                _step = Step.FirstDigit;
                return;
        }

        if (++_lineBytes > MostLineBytes)
        {
            throw BadAnswer.Because("a chunk's line has no end");
        }
    }

    private void TakeDigit(byte next)
    {
        var digit = next switch
        {
            >= (byte)'0' and <= (byte)'9' => next - '0',
            >= (byte)'a' and <= (byte)'f' => next - 'a' + 10,
            >= (byte)'A' and <= (byte)'F' => next - 'A' + 10,
            _ => throw BadAnswer.Because("a chunk's size is not a number"),
        };
        if (_size > long.MaxValue >> 4)
        {
            throw BadAnswer.Because("a chunk's size is too large a number");
        }

        _size = (_size << 4) | (uint)digit;
    }

    private static void Expect(byte next, char wanted)
    {
        if (next != wanted)
        {
            throw BadAnswer.Because("a chunk does not end where its size says");
        }
    }
}
