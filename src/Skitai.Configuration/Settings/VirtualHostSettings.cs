namespace Skitai.Configuration.Settings;

/// <summary>A virtual host: the names it answers to and its mounts.</summary>
/// <param name="Names">Its patterns; empty for the default host.</param>
/// <param name="Mounts">Its mounts in file order.</param>
public sealed record VirtualHostSettings(IReadOnlyList<HostPattern> Names, IReadOnlyList<MountSettings> Mounts);
