namespace Skitai.Configuration.Settings;

/// <summary>What a mount points at: one of <see cref="StaticTarget"/> and <see cref="AppTarget"/>.</summary>
public abstract record MountTarget;
