namespace Skitai.Configuration.Settings;

/// <summary>A virtual host: the names it answers to and its mounts.</summary>
/// <param name="Names">Its patterns; empty for the default host.</param>
/// <param name="Mounts">Its mounts in file order.</param>
public sealed record VirtualHostSettings(IReadOnlyList<HostPattern> Names, IReadOnlyList<MountSettings> Mounts)
{
    /// <summary>The line of its <c>@</c> in the conf file, from 1; 0 = it has none: the lines above the first.</summary>
    public int Line { get; init; }
}
