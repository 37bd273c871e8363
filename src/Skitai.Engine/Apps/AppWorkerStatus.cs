namespace Skitai.Engine.Apps;

/// <summary>How one place for a worker does at one moment.</summary>
/// <param name="Pid">The process; null = there is none now.</param>
/// <param name="State"><c>starting</c>, <c>ready</c>, <c>retiring</c>, <c>failed</c> (not imported) or <c>waiting</c> (before the next start).</param>
public sealed record AppWorkerStatus(int? Pid, string State)
{
    /// <summary>When the process was started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Requests it has now.</summary>
    public int InHand { get; init; }

    /// <summary>Requests it was given since its start.</summary>
    public long Requests { get; init; }

    /// <summary>Resident bytes, shared ones counted in full; 0 = not known.</summary>
    public long ResidentBytes { get; init; }

    /// <summary>Resident bytes, shared ones divided among those who share them (PSS); 0 = not known.</summary>
    public long ProportionalBytes { get; init; }

    /// <summary>How often the worker of this place was started again, for whatever reason.</summary>
    public int Restarts { get; init; }

    /// <summary>Why the last worker here ended unasked or could not start; null = none has.</summary>
    public string? LastError { get; init; }

    /// <summary>What it has held longer than slow_request.</summary>
    public IReadOnlyList<SlowRequest> SlowRequests { get; init; } = [];
}
