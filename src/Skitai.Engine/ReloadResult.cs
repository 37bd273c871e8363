namespace Skitai.Engine;

/// <summary>What became of a changed conf that a running instance was to take up.</summary>
/// <param name="Refused">Why it was not; all is as it was. Null = it was.</param>
/// <param name="Kept">Mounts that go on as they were, with their workers.</param>
/// <param name="Started">Mounts that are new, or replace one.</param>
/// <param name="Ended">Mounts that are gone, or were replaced.</param>
public sealed record ReloadResult(string? Refused, int Kept = 0, int Started = 0, int Ended = 0);
