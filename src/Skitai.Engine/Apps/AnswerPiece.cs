using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Skitai.Engine.Apps;

/// <summary>The next part of a streamed answer: bytes in a pooled buffer, or a range of a file. Only DATA takes credit.</summary>
internal readonly record struct AnswerPiece(byte[]? Buffer, int Length, bool TookCredit, SafeFileHandle? File, long Offset, long FileLength)
{
    public void Release()
    {
        File?.Dispose();
        if (Buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(Buffer);
        }
    }
}
