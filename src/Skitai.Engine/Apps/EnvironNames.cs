using System.Text;

namespace Skitai.Engine.Apps;

/// <summary>
/// From a header's name to the bytes of its environ key with the NUL behind it, or to nothing for a header that apps do
/// not get. A small table that forgets on collision, so that a client's invented names cannot fill memory.
/// </summary>
internal sealed class EnvironNames
{
    private const int Size = 256;

    private static readonly HashSet<string> Dropped = new(StringComparer.OrdinalIgnoreCase)
    {
        "Proxy", "Connection", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Keep-Alive", "Proxy-Connection", "Expect",
    };

    private readonly Entry?[] _entries = new Entry?[Size];

    /// <summary>The key of a header, NUL-terminated; empty when the header is dropped.</summary>
    public byte[] KeyOf(string name)
    {
        if (name.Length == 0)
        {
            return [];
        }

        var index = ((name.Length * 37) + (name[0] * 5) + (name[^1] * 3) + name[name.Length / 2]) & (Size - 1);
        var entry = _entries[index];
        if (entry is not null && (ReferenceEquals(entry.Name, name) || entry.Name == name))
        {
            return entry.Key;
        }

        entry = new Entry(name, Make(name));
        if (name.Length <= 64)
        {
            _entries[index] = entry;
        }

        return entry.Key;
    }

    private static byte[] Make(string name)
    {
        // `_` and `-` fall together in the environ: a name with `_` could pose as another header (Proxy: httpoxy).
        if (name[0] == ':' || name.Contains('_', StringComparison.Ordinal) || Dropped.Contains(name))
        {
            return [];
        }

        if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
        {
            return "CONTENT_TYPE\0"u8.ToArray();
        }

        if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
        {
            return "CONTENT_LENGTH\0"u8.ToArray();
        }

        return Encoding.Latin1.GetBytes("HTTP_" + name.ToUpperInvariant().Replace('-', '_') + "\0");
    }

    private sealed record Entry(string Name, byte[] Key);
}
