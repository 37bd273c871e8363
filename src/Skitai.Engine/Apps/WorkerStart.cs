namespace Skitai.Engine.Apps;

/// <summary>How the start of a worker came out.</summary>
/// <param name="IsReady">It takes requests.</param>
/// <param name="Error">What went wrong; null when ready.</param>
/// <param name="Traceback">Python's own report of it; null = none.</param>
/// <param name="Files">What to watch before another try.</param>
/// <param name="ImportFailed">The app could not be imported, as opposed to a process that died.</param>
internal sealed record WorkerStart(bool IsReady, string? Error, string? Traceback, IReadOnlyList<SourceFile> Files, bool ImportFailed);
