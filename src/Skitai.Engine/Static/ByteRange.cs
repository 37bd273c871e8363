namespace Skitai.Engine.Static;

/// <summary>Part of a representation: not empty, and wholly within it.</summary>
/// <param name="First">The first byte.</param>
/// <param name="Last">The last byte, itself included.</param>
internal readonly record struct ByteRange(long First, long Last)
{
    /// <summary>Bytes.</summary>
    public long Length => Last - First + 1;

    /// <summary>The Content-Range field's value.</summary>
    public string ContentRange(long size) => $"bytes {First}-{Last}/{size}";
}
