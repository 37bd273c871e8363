namespace Skitaid.Control;

/// <summary>The running daemon's answer to a <see cref="ControlRequest"/>.</summary>
/// <param name="ExitCode">What the command exits with: <see cref="Commands.ExitCodes"/>.</param>
/// <param name="Lines">What it tells the person who asked.</param>
/// <param name="Status">For <see cref="ControlRequest.Status"/>.</param>
/// <param name="InHand">For <see cref="ControlRequest.Member"/>: requests that the member still has.</param>
internal sealed record ControlReply(int ExitCode, IReadOnlyList<string> Lines, DaemonStatus? Status = null, int? InHand = null);
