using System.Buffers.Binary;

namespace Skitai.Engine.Apps;

/// <summary>The frame layout of docs/worker-protocol.md.</summary>
internal static class Frame
{
    public const int HeaderSize = 12;
    public const int MaxPayload = 16 * 1024 * 1024;
    public const int MaxData = 64 * 1024;
    public const int InitialCredit = 256 * 1024;
    public const byte End = 1;

    // Engine to worker.
    public const byte Load = 1, Request = 2, Data = 3, Window = 4, Abort = 5, FileDone = 6, Shutdown = 7;

    // Worker to engine.
    public const byte Hello = 16, Ready = 17, Failed = 18, Response = 19, AnswerData = 20, Reset = 21, File = 22,
        AnswerWindow = 23, Log = 24, Files = 25;

    /// <summary>Writes a header to the first <see cref="HeaderSize"/> bytes of <paramref name="to"/>.</summary>
    public static void WriteHeader(Span<byte> to, int payloadLength, byte type, byte flags, uint stream)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to, payloadLength);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], type | ((uint)flags << 8));
        BinaryPrimitives.WriteUInt32LittleEndian(to[8..], stream);
    }
}
