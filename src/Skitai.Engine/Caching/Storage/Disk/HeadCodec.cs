using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>A head as bytes: numbers little endian, texts with their length before them, one byte for each char where that will do.</summary>
internal static class HeadCodec
{
    private const uint NoText = uint.MaxValue;

    /// <summary>The bytes of a head.</summary>
    public static byte[] Encode(StoredHead head)
    {
        var into = new ArrayBufferWriter<byte>(1024);
        Write(into, head.RequestedAt.UtcTicks);
        Write(into, head.AnsweredAt.UtcTicks);
        Write(into, (uint)head.Status);
        Write(into, head.Key);
        Write(into, head.Variant);
        Write(into, head.Reason);
        Write(into, (uint)head.VaryNames.Length);
        foreach (var name in head.VaryNames)
        {
            Write(into, name);
        }

        Write(into, (uint)head.Headers.Length);
        foreach (ref readonly var line in head.Headers.AsSpan())
        {
            Write(into, line.Name);
            Write(into, line.Value);
        }

        return into.WrittenSpan.ToArray();
    }

    /// <summary>The head that those bytes are of; null = of none.</summary>
    public static StoredHead? Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var requested = new DateTimeOffset(ReadLong(ref bytes), TimeSpan.Zero);
            var answered = new DateTimeOffset(ReadLong(ref bytes), TimeSpan.Zero);
            var status = (int)ReadNumber(ref bytes);
            var key = ReadText(ref bytes) ?? throw new InvalidDataException();
            var variant = ReadText(ref bytes) ?? "";
            var reason = ReadText(ref bytes);
            var names = new string[ReadCount(ref bytes)];
            for (var at = 0; at < names.Length; at++)
            {
                names[at] = ReadText(ref bytes) ?? "";
            }

            var lines = new Header[ReadCount(ref bytes)];
            for (var at = 0; at < lines.Length; at++)
            {
                lines[at] = new Header(ReadText(ref bytes) ?? "", ReadText(ref bytes) ?? "");
            }

            return new StoredHead
            {
                Key = key,
                VaryNames = names,
                Variant = variant,
                Status = status,
                Reason = reason,
                Headers = lines,
                RequestedAt = requested,
                AnsweredAt = answered,
            };
        }
        catch (Exception error) when (error is InvalidDataException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private static void Write(ArrayBufferWriter<byte> into, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(into.GetSpan(8), value);
        into.Advance(8);
    }

    private static void Write(ArrayBufferWriter<byte> into, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(into.GetSpan(4), value);
        into.Advance(4);
    }

    private static void Write(ArrayBufferWriter<byte> into, string? text)
    {
        if (text is null)
        {
            Write(into, NoText);
            return;
        }

        var wide = text.AsSpan().ContainsAnyExceptInRange('\0', '\xFF');
        Write(into, ((uint)text.Length << 1) | (wide ? 1u : 0));
        if (wide)
        {
            into.Write(MemoryMarshal.AsBytes(text.AsSpan()));
        }
        else
        {
            into.Advance(Encoding.Latin1.GetBytes(text, into.GetSpan(text.Length)));
        }
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, long count)
    {
        if (count > bytes.Length)
        {
            throw new InvalidDataException();
        }

        var taken = bytes[..(int)count];
        bytes = bytes[(int)count..];
        return taken;
    }

    private static long ReadLong(ref ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt64LittleEndian(Take(ref bytes, 8));

    private static uint ReadNumber(ref ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(Take(ref bytes, 4));

    private static int ReadCount(ref ReadOnlySpan<byte> bytes)
    {
        var count = ReadNumber(ref bytes);
        return count <= bytes.Length ? (int)count : throw new InvalidDataException();
    }

    private static string? ReadText(ref ReadOnlySpan<byte> bytes)
    {
        var mark = ReadNumber(ref bytes);
        if (mark == NoText)
        {
            return null;
        }

        var length = mark >> 1;
        return (mark & 1) == 0
            ? Encoding.Latin1.GetString(Take(ref bytes, length))
            : new string(MemoryMarshal.Cast<byte, char>(Take(ref bytes, 2L * length)));
    }
}
