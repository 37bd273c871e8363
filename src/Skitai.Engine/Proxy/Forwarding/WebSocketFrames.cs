namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>Knows of a stream of WebSocket frames where one ends (RFC 6455 section 5.2); looks at nothing but their headers.</summary>
internal struct WebSocketFrames
{
    private const int CloseOpcode = 8;

    private int _gathered;
    private int _header;
    private int _lengthEnd;
    private ulong _payload;

    /// <summary>Whether all that was taken are whole frames.</summary>
    public readonly bool IsBetweenFrames => _gathered == 0 && _payload == 0;

    /// <summary>Whether there was a Close frame.</summary>
    public bool HasClosed { get; private set; }

    /// <summary>Takes note of bytes.</summary>
    /// <param name="bytes">The next ones.</param>
    /// <param name="stops">Whether to stop at the first end of a frame.</param>
    /// <returns>How many were taken.</returns>
    public int Take(ReadOnlySpan<byte> bytes, bool stops)
    {
        var at = 0;
        while (at < bytes.Length)
        {
            if (_gathered == 0 && _payload > 0)
            {
                var skipped = (int)Math.Min(_payload, (ulong)(bytes.Length - at));
                at += skipped;
                _payload -= (ulong)skipped;
            }
            else
            {
                TakeHeader(bytes[at++]);
            }

            if (stops && IsBetweenFrames)
            {
                break;
            }
        }

        return at;
    }

    private void TakeHeader(byte next)
    {
        switch (_gathered++)
        {
            case 0:
                HasClosed |= (next & 0x0F) == CloseOpcode;
                _header = 2;
                break;
            case 1:
                var length = next & 0x7F;
                _payload = length < 126 ? (ulong)length : 0;
                _lengthEnd = length switch { 126 => 4, 127 => 10, _ => 2 };
                _header = _lengthEnd + (next >= 0x80 ? 4 : 0);
                break;
            case var at when at < _lengthEnd:
                _payload = (_payload << 8) | next;
                break;
        }

        if (_gathered >= 2 && _gathered == _header)
        {
            _gathered = 0;
        }
    }
}
