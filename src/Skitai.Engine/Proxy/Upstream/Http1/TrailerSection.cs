namespace Skitai.Engine.Proxy.Upstream.Http1;

/// <summary>Parses the trailer section behind the last chunk (RFC 9112 section 7.1.2).</summary>
internal sealed class TrailerSection
{
    private int _bytes;

    /// <summary>The fields, but for those that would have had to be in the header section (RFC 9110 section 6.5.1).</summary>
    public HeaderList Fields { get; } = new();

    /// <summary>Gets ready for the next.</summary>
    public void Begin()
    {
        Clear();
        _bytes = 0;
    }

    /// <summary>Forgets the fields.</summary>
    public void Clear() => Fields.Clear();

    /// <summary>Parses the lines that are there.</summary>
    /// <param name="input">What is not used up yet.</param>
    /// <param name="consumed">How much is now.</param>
    /// <returns>Whether the section is complete.</returns>
    /// <exception cref="MemberException">A line is no field line, or there is too much.</exception>
    public bool Parse(ReadOnlySpan<byte> input, out int consumed)
    {
        consumed = 0;
        while (true)
        {
            var rest = input[consumed..];
            var end = rest.IndexOf((byte)'\n');
            if (_bytes + (end < 0 ? rest.Length : end + 1) > AnswerHead.MostBytes)
            {
                throw BadAnswer.Because($"its trailer section is longer than {AnswerHead.MostBytes} bytes");
            }

            if (end < 0)
            {
                return false;
            }

            _bytes += end + 1;
            consumed += end + 1;
            var line = end > 0 && rest[end - 1] == '\r' ? rest[..(end - 1)] : rest[..end];
            if (line.IsEmpty)
            {
                return true;
            }

            var field = FieldLine.Parse(line);
            if (!FramesMessage(field.Name))
            {
                Fields.Add(field.Name, field.Value);
            }
        }
    }

    private static bool FramesMessage(string name) => name.ToLowerInvariant() is
        "content-length" or "transfer-encoding" or "host" or "connection" or "keep-alive" or "te" or "trailer" or "upgrade"
        or "content-encoding" or "content-type" or "content-range" or "set-cookie" or "cache-control" or "expires" or "date"
        or "location" or "vary" or "age" or "authorization"
        || name.StartsWith("Proxy-", StringComparison.OrdinalIgnoreCase);
}
