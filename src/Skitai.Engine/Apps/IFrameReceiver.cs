namespace Skitai.Engine.Apps;

/// <summary>What a <see cref="WorkerChannel"/> hands its frames to. (A seam: tests of the channel need no process.)</summary>
internal interface IFrameReceiver
{
    /// <summary>A frame. What waits for it is added to <paramref name="woken"/>, never run in here.</summary>
    /// <exception cref="ProtocolViolationException">The frame breaks the rules.</exception>
    void OnFrame(byte type, byte flags, uint stream, ReadOnlySpan<byte> payload, WakeList woken);

    /// <summary>All frames of one receive were given.</summary>
    void OnBatchEnd();

    /// <summary>No more will come. Called once.</summary>
    /// <param name="violation">What the worker did wrong; null = it closed the socket, or we did.</param>
    void OnEnd(string? violation);
}
