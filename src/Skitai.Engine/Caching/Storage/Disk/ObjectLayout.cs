using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>
/// How an object's file is laid out: a prologue, two slots for the head (a newer head is written into the one not in use, so
/// that a crash leaves the older), the body, a checksum for each 64 KB of it, and an epilogue. Everything is little endian and
/// under a checksum; a random number of the file's own runs through all of them, so that blocks of another file that a power
/// loss left in this one do not pass. Nothing is synced: what the power took is found by the checksums.
/// </summary>
internal static class ObjectLayout
{
    /// <summary>Bytes before the slots.</summary>
    public const int PrologueSize = 64;

    /// <summary>Bytes of a slot before the head's own.</summary>
    public const int SlotMark = 16;

    /// <summary>Bytes of body under one checksum.</summary>
    public const int BlockSize = 64 * 1024;

    /// <summary>Bytes behind the checksums.</summary>
    public const int EpilogueSize = 32;

    /// <summary>Room for one head at most: more than a server may send.</summary>
    public const int MostSlot = 1024 * 1024;

    /// <summary>What disks are given out in.</summary>
    private const int DiskBlock = 4096;

    private const ulong Magic = 0x0001_6469_6174_6B73; // "sktaid", version 1
    private const uint EndMagic = 0x65_6F_66_21;

    /// <summary>Where the body begins.</summary>
    public static long BodyOffset(int slotSize) => PrologueSize + (2L * slotSize);

    /// <summary>How many checksums a body has.</summary>
    public static int BlockCount(long bodyLength) => checked((int)((bodyLength + BlockSize - 1) / BlockSize));

    /// <summary>How long the file is.</summary>
    public static long FileLength(int slotSize, long bodyLength) => BodyOffset(slotSize) + bodyLength + (4L * BlockCount(bodyLength)) + EpilogueSize;

    /// <summary>Blocks of disk that so many bytes take.</summary>
    public static long DiskBlocks(long bytes) => (bytes + DiskBlock - 1) / DiskBlock;

    /// <summary>Bytes that so many blocks of disk are.</summary>
    public static long DiskBytes(long blocks) => blocks * DiskBlock;

    /// <summary>The room for a head and for its successors, which may be a little longer.</summary>
    public static int SlotSizeFor(int headLength) => (SlotMark + headLength + Math.Max(128, headLength / 4) + 127) & ~127;

    /// <summary>A number that no other file has.</summary>
    public static ulong NewNonce() => BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));

    /// <summary>The checksum of a block of the body.</summary>
    public static uint BlockSum(ulong nonce, long block, ReadOnlySpan<byte> bytes) => Checksum.Of((uint)nonce ^ (uint)block, bytes);

    /// <summary>Writes the prologue.</summary>
    /// <param name="into">Its place.</param>
    /// <param name="nonce">The file's number.</param>
    /// <param name="purges">The last purge before it was begun (<see cref="PurgeList"/>).</param>
    /// <param name="slotSize">Bytes of each slot.</param>
    public static void WritePrologue(Span<byte> into, ulong nonce, long purges, int slotSize)
    {
        into[..PrologueSize].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(into, Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(into[8..], nonce);
        BinaryPrimitives.WriteInt64LittleEndian(into[16..], purges);
        BinaryPrimitives.WriteInt32LittleEndian(into[24..], slotSize);
        BinaryPrimitives.WriteUInt32LittleEndian(into[60..], Checksum.Of(0, into[..60]));
    }

    /// <summary>Reads the prologue.</summary>
    /// <returns>False when it is none.</returns>
    public static bool TryReadPrologue(ReadOnlySpan<byte> from, out ulong nonce, out long purges, out int slotSize)
    {
        nonce = 0;
        purges = slotSize = 0;
        if (from.Length < PrologueSize
            || BinaryPrimitives.ReadUInt64LittleEndian(from) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(from[60..]) != Checksum.Of(0, from[..60]))
        {
            return false;
        }

        nonce = BinaryPrimitives.ReadUInt64LittleEndian(from[8..]);
        purges = BinaryPrimitives.ReadInt64LittleEndian(from[16..]);
        slotSize = BinaryPrimitives.ReadInt32LittleEndian(from[24..]);
        return slotSize is > SlotMark and <= MostSlot;
    }

    /// <summary>Writes a slot as far as it is used.</summary>
    /// <param name="into">Its place, with room for the mark and the head.</param>
    /// <param name="nonce">The file's number.</param>
    /// <param name="generation">The larger one of two is the newer head.</param>
    /// <param name="head">The head's bytes.</param>
    public static void WriteSlot(Span<byte> into, ulong nonce, uint generation, ReadOnlySpan<byte> head)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(into, generation);
        BinaryPrimitives.WriteInt32LittleEndian(into[4..], head.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(into[8..], (uint)(nonce >> 32));
        head.CopyTo(into[SlotMark..]);
        BinaryPrimitives.WriteUInt32LittleEndian(into[12..], SlotSum(into, nonce, head));
    }

    /// <summary>Reads a slot.</summary>
    /// <returns>False when there is no sound head in it.</returns>
    public static bool TryReadSlot(ReadOnlySpan<byte> from, ulong nonce, out uint generation, out ReadOnlySpan<byte> head)
    {
        generation = BinaryPrimitives.ReadUInt32LittleEndian(from);
        var length = BinaryPrimitives.ReadInt32LittleEndian(from[4..]);
        head = default;
        if (generation == 0 || length <= 0 || length > from.Length - SlotMark)
        {
            return false;
        }

        head = from.Slice(SlotMark, length);
        return BinaryPrimitives.ReadUInt32LittleEndian(from[12..]) == SlotSum(from, nonce, head);
    }

    /// <summary>The bytes behind the body.</summary>
    public static byte[] MakeFooter(ulong nonce, long bodyLength, ReadOnlySpan<uint> sums)
    {
        var bytes = new byte[(4 * sums.Length) + EpilogueSize];
        for (var at = 0; at < sums.Length; at++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4 * at), sums[at]);
        }

        var end = bytes.AsSpan(4 * sums.Length);
        BinaryPrimitives.WriteInt64LittleEndian(end, bodyLength);
        BinaryPrimitives.WriteUInt64LittleEndian(end[8..], nonce);
        BinaryPrimitives.WriteInt32LittleEndian(end[16..], sums.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(end[24..], EndMagic);
        BinaryPrimitives.WriteUInt32LittleEndian(end[28..], Checksum.Of(0, bytes.AsSpan(0, bytes.Length - 4)));
        return bytes;
    }

    /// <summary>Reads the epilogue, without the checksums before it.</summary>
    /// <returns>False when it is not this file's.</returns>
    public static bool TryReadEpilogue(ReadOnlySpan<byte> from, ulong nonce, out long bodyLength)
    {
        bodyLength = BinaryPrimitives.ReadInt64LittleEndian(from);
        return bodyLength is >= 0 and < 1L << 46
            && BinaryPrimitives.ReadUInt64LittleEndian(from[8..]) == nonce
            && BinaryPrimitives.ReadInt32LittleEndian(from[16..]) == BlockCount(bodyLength)
            && BinaryPrimitives.ReadUInt32LittleEndian(from[24..]) == EndMagic;
    }

    /// <summary>Reads all that is behind the body.</summary>
    /// <returns>Null when it is damaged.</returns>
    public static uint[]? ReadFooter(ReadOnlySpan<byte> from)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(from[^4..]) != Checksum.Of(0, from[..^4]))
        {
            return null;
        }

        var sums = new uint[(from.Length - EpilogueSize) / 4];
        for (var at = 0; at < sums.Length; at++)
        {
            sums[at] = BinaryPrimitives.ReadUInt32LittleEndian(from[(4 * at)..]);
        }

        return sums;
    }

    private static uint SlotSum(ReadOnlySpan<byte> slot, ulong nonce, ReadOnlySpan<byte> head) => Checksum.Of(Checksum.Of((uint)nonce, slot[..12]), head);
}
