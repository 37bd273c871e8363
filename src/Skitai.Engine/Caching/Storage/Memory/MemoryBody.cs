using System.Buffers;

namespace Skitai.Engine.Caching.Storage.Memory;

/// <summary>
/// A complete body in memory. Its arrays are the garbage collector's and never used again for another body: a share given
/// back too early can cost accuracy of the figures, never show one answer's bytes in another.
/// </summary>
internal sealed class MemoryBody
{
    /// <summary>Bytes in each chunk but the last; small enough to stay out of the large object heap.</summary>
    public const int ChunkSize = 64 * 1024;

    private readonly byte[][] _chunks;

    /// <summary>Takes the arrays: all of them full.</summary>
    /// <param name="chunks">Each <see cref="ChunkSize"/> long but the last, which may be shorter.</param>
    public MemoryBody(byte[][] chunks)
    {
        _chunks = chunks;
        foreach (var chunk in chunks)
        {
            Length += chunk.Length;
        }

        Bytes = Join(chunks);
    }

    /// <summary>Bytes of it.</summary>
    public long Length { get; }

    /// <summary>All of it.</summary>
    public ReadOnlySequence<byte> Bytes { get; }

    /// <summary>What its arrays weigh.</summary>
    public long Cost => CostOf(Length);

    /// <summary>What a body of that length will weigh.</summary>
    public static long CostOf(long length) => length + 24 + (((length + ChunkSize - 1) / ChunkSize) * 80);

    /// <summary>The bytes from there to the end of their chunk.</summary>
    public ReadOnlyMemory<byte> At(long offset) => _chunks[offset / ChunkSize].AsMemory((int)(offset % ChunkSize));

    private static ReadOnlySequence<byte> Join(byte[][] chunks)
    {
        if (chunks.Length < 2)
        {
            return chunks.Length == 0 ? default : new ReadOnlySequence<byte>(chunks[0]);
        }

        var first = new Segment(chunks[0], null);
        var last = first;
        for (var at = 1; at < chunks.Length; at++)
        {
            last = new Segment(chunks[at], last);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? before)
        {
            Memory = bytes;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
