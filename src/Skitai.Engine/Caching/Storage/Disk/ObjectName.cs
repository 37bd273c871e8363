using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>
/// What an object is called on disk: hashes of its key, of the request fields it was selected by and of their values. So
/// what there is of a key can be told from file names alone. Only a name: the file's head says what it truly is.
/// </summary>
/// <param name="High">Of the key, the first 64 bits.</param>
/// <param name="Low">Of the key, the next 64 bits.</param>
/// <param name="Vary">Of the fields' names; 0 = it varies on none.</param>
/// <param name="Variant">Of their values; 0 = it varies on none.</param>
internal readonly record struct ObjectName(ulong High, ulong Low, uint Vary, ulong Variant)
{
    /// <summary>Characters of <see cref="ToString"/>.</summary>
    public const int TextLength = 16 + 16 + 1 + 8 + 16;

    /// <summary>The directory that it is in.</summary>
    public int Folder => (int)(High >> 56);

    /// <summary>The name of what is kept for a key without regard to other fields.</summary>
    public static ObjectName OfKey(string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(MemoryMarshal.AsBytes(key.AsSpan()), hash);
        return new ObjectName(BinaryPrimitives.ReadUInt64BigEndian(hash), BinaryPrimitives.ReadUInt64BigEndian(hash[8..]), 0, 0);
    }

    /// <summary>The name of an object.</summary>
    public static ObjectName Of(StoredHead head) => OfKey(head.Key).With(head.VaryNames, head.Variant);

    /// <summary>The name of a selection of the same key.</summary>
    public ObjectName With(string[] varyNames, string variant)
    {
        if (varyNames.Length == 0)
        {
            return this with { Vary = 0, Variant = 0 };
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(MemoryMarshal.AsBytes(string.Join('\n', varyNames).AsSpan()), hash);
        var vary = BinaryPrimitives.ReadUInt32BigEndian(hash) | 1;
        SHA256.HashData(MemoryMarshal.AsBytes(variant.AsSpan()), hash);
        return this with { Vary = vary, Variant = BinaryPrimitives.ReadUInt64BigEndian(hash) };
    }

    /// <summary>Whether both are of the same key.</summary>
    public bool IsSameKey(ObjectName other) => High == other.High && Low == other.Low;

    /// <summary>The beginning of all file names of the key.</summary>
    public string KeyText => $"{High:x16}{Low:x16}";

    /// <inheritdoc/>
    public override string ToString() => $"{High:x16}{Low:x16}-{Vary:x8}{Variant:x16}";

    /// <summary>Reads a file's name back.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ObjectName name)
    {
        name = default;
        if (text.Length != TextLength || text[32] != '-'
            || !TryHex(text[..16], out var high) || !TryHex(text[16..32], out var low)
            || !TryHex(text[33..41], out var vary) || !TryHex(text[41..], out var variant))
        {
            return false;
        }

        name = new ObjectName(high, low, (uint)vary, variant);
        return true;
    }

    [SuppressMessage("Globalization", "CA1305", Justification = "Hexadecimal.")]
    private static bool TryHex(ReadOnlySpan<char> text, out ulong value) => ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}
