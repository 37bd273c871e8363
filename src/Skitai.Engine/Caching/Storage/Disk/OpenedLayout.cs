using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>What an object's file says of itself, checked, but for the body.</summary>
/// <param name="Head">The newest sound head.</param>
/// <param name="Nonce">The file's number.</param>
/// <param name="Purges">The last purge before it was begun.</param>
/// <param name="SlotSize">Bytes of each slot.</param>
/// <param name="Generation">The head's.</param>
/// <param name="InSecondSlot">Where the head is.</param>
internal sealed record OpenedLayout(StoredHead Head, ulong Nonce, long Purges, int SlotSize, uint Generation, bool InSecondSlot)
{
    private const int Guess = 8 * 1024;

    /// <summary>Where the body begins.</summary>
    public long BodyOffset => ObjectLayout.BodyOffset(SlotSize);

    /// <summary>Reads the head.</summary>
    /// <returns>Null when it is damaged.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static OpenedLayout? Read(SafeFileHandle file)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Guess);
        try
        {
            var count = RandomAccess.Read(file, buffer.AsSpan(0, Guess), 0);
            if (!ObjectLayout.TryReadPrologue(buffer.AsSpan(0, count), out var nonce, out var purges, out var slotSize))
            {
                return null;
            }

            var slots = buffer.AsSpan(0, count);
            if (count < ObjectLayout.BodyOffset(slotSize))
            {
                slots = new byte[ObjectLayout.BodyOffset(slotSize)];
                if (!DiskFiles.TryReadFully(file, slots, 0))
                {
                    return null;
                }
            }

            return Read(slots[ObjectLayout.PrologueSize..], nonce, purges, slotSize);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads what is behind the body.</summary>
    /// <returns>The checksums of its blocks; null when it is damaged, or longer or shorter than was written.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    public uint[]? ReadSums(SafeFileHandle file, out long bodyLength)
    {
        var length = RandomAccess.GetLength(file);
        Span<byte> epilogue = stackalloc byte[ObjectLayout.EpilogueSize];
        bodyLength = 0;
        if (length < BodyOffset + epilogue.Length
            || !DiskFiles.TryReadFully(file, epilogue, length - epilogue.Length)
            || !ObjectLayout.TryReadEpilogue(epilogue, Nonce, out bodyLength)
            || length != ObjectLayout.FileLength(SlotSize, bodyLength))
        {
            return null;
        }

        var footer = new byte[(4 * ObjectLayout.BlockCount(bodyLength)) + epilogue.Length];
        return DiskFiles.TryReadFully(file, footer, length - footer.Length) ? ObjectLayout.ReadFooter(footer) : null;
    }

    private static OpenedLayout? Read(ReadOnlySpan<byte> slots, ulong nonce, long purges, int slotSize)
    {
        var hasFirst = ObjectLayout.TryReadSlot(slots[..slotSize], nonce, out var first, out var firstHead);
        var hasSecond = ObjectLayout.TryReadSlot(slots.Slice(slotSize, slotSize), nonce, out var second, out var secondHead);
        var takesSecond = hasSecond && (!hasFirst || second > first);
        if (!hasFirst && !hasSecond)
        {
            return null;
        }

        var head = HeadCodec.Decode(takesSecond ? secondHead : firstHead);
        return head is null ? null : new OpenedLayout(head, nonce, purges, slotSize, takesSecond ? second : first, takesSecond);
    }
}
