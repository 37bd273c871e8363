using System.Buffers;

namespace Skitai.Engine.Hosting.Transport;

/// <summary>
/// Memory that stands for bytes which never come here: its length can be counted, its content must not be touched (there
/// is none).
/// </summary>
internal sealed unsafe class FilePlaceholder : MemoryManager<byte>
{
    /// <summary>The most that one Advance may cover.</summary>
    public const int Length = 1 << 30;

    public static readonly new Memory<byte> Memory = new FilePlaceholder().CreateMemory(Length);

    /// <inheritdoc/>
    public override Span<byte> GetSpan() => new(null, Length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => default;

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
    }
}
