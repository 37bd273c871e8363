namespace Skitaid.Control;

/// <summary>What a reload did to an instance's mounts.</summary>
/// <param name="Kept">Go on as they were.</param>
/// <param name="Started">Are new, or replace one.</param>
/// <param name="Ended">Are gone, or were replaced.</param>
internal sealed record MountChanges(int Kept, int Started, int Ended);
