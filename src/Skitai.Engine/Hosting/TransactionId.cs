using System.Buffers;
using System.Text;

namespace Skitai.Engine.Hosting;

/// <summary>
/// A transaction's id across services: taken from <c>X-Gtxn-Id</c>, or made of this start, the connection and the request:
/// <c>GTID-5f2a9c01-C3-R8</c>. Text is made only when somebody asks for it.
/// </summary>
internal readonly struct TransactionId(string? given, long connection, long request)
{
    /// <summary>The longest id that is taken from a request.</summary>
    public const int MaxLength = 64;

    private static readonly byte[] Start = Encoding.ASCII.GetBytes($"GTID-{Random.Shared.Next():x8}-C");
    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("-._0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Whether a client's text may serve as an id.</summary>
    public static bool IsValid(string? text) =>
        text is { Length: > 0 and <= MaxLength } && !text.AsSpan().ContainsAnyExcept(Allowed);

    /// <summary>Writes the id.</summary>
    /// <returns>Bytes written, <see cref="MaxLength"/> at most.</returns>
    public int WriteTo(Span<byte> to)
    {
        if (given is not null)
        {
            return Encoding.Latin1.GetBytes(given, to);
        }

        Start.CopyTo(to);
        connection.TryFormat(to[Start.Length..], out var length);
        length += Start.Length;
        "-R"u8.CopyTo(to[length..]);
        request.TryFormat(to[(length + 2)..], out var digits);
        return length + 2 + digits;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        if (given is not null)
        {
            return given;
        }

        Span<byte> text = stackalloc byte[MaxLength];
        return Encoding.ASCII.GetString(text[..WriteTo(text)]);
    }
}
