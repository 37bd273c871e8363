namespace Skitaid.Control;

/// <summary>What a running instance says about one place for an app worker.</summary>
/// <param name="Mount">The mount it serves.</param>
/// <param name="Pid">Its process id; 0 = there is no process now.</param>
/// <param name="State"><c>starting</c>, <c>ready</c>, <c>retiring</c>, <c>failed</c> (not imported) or <c>waiting</c> (until the next try).</param>
/// <param name="Requests">Requests it has answered.</param>
/// <param name="InHand">Requests it has in hand.</param>
/// <param name="Uptime">Seconds since that process started; null = there is none.</param>
/// <param name="Memory">Bytes (PSS); 0 = not known.</param>
/// <param name="Restarts">How often the worker of this place was started again.</param>
/// <param name="LastError">Why the last one here ended unasked or could not start; null = none has.</param>
/// <param name="SlowRequests">What it has held longer than slow_request.</param>
internal sealed record WorkerFigures(
    string Mount,
    int Pid,
    string State,
    long Requests,
    int InHand,
    double? Uptime,
    long Memory,
    int Restarts,
    string? LastError,
    IReadOnlyList<SlowRequestFigures> SlowRequests);
