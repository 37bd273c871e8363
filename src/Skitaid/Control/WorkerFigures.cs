namespace Skitaid.Control;

/// <summary>What a running instance says about one app worker.</summary>
/// <param name="Mount">The mount it serves.</param>
/// <param name="Pid">Its process id.</param>
/// <param name="Requests">Requests it has answered.</param>
/// <param name="InHand">Requests it has in hand.</param>
internal sealed record WorkerFigures(string Mount, int Pid, long Requests, int InHand);
