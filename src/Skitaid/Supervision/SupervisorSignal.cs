namespace Skitaid.Supervision;

/// <summary>A signal that the supervisor got, or a command that means the same.</summary>
/// <param name="Number">The signal.</param>
/// <param name="Cause">Where it came from, for the log.</param>
internal readonly record struct SupervisorSignal(int Number, string Cause);
