using System.Numerics;
using System.Runtime.InteropServices;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <summary>CRC-32C (Castagnoli), which the processor computes: about 8 GB a second. Finds every damage of up to 32 bits in a row.</summary>
internal static class Checksum
{
    /// <summary>Goes on from <paramref name="seed"/>.</summary>
    public static uint Of(uint seed, ReadOnlySpan<byte> bytes)
    {
        var sum = ~seed;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            sum = BitOperations.Crc32C(sum, word);
        }

        foreach (var left in bytes[(words.Length * sizeof(ulong))..])
        {
            sum = BitOperations.Crc32C(sum, left);
        }

        return ~sum;
    }
}
