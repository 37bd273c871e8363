namespace Skitai.Engine;

/// <summary>How an app worker process does at one moment.</summary>
/// <param name="Pid">Its process id.</param>
/// <param name="StartedAt">When it was started.</param>
/// <param name="Requests">Requests it was given since.</param>
/// <param name="InHand">Requests it has now.</param>
/// <param name="MemoryBytes">Its resident memory; 0 = not known.</param>
public sealed record WorkerStatus(int Pid, DateTimeOffset StartedAt, long Requests, int InHand, long MemoryBytes);
