using Skitai.Configuration.Settings;

namespace Skitai.Configuration;

/// <summary>What reading a whole config tree gave.</summary>
/// <param name="Daemon">What <c>skitaid.conf</c> says; null when it is broken.</param>
/// <param name="Instances">The enabled instances whose own conf has no error, by name.</param>
/// <param name="Errors">Everything wrong in any file or between files; a start needs this to be empty.</param>
/// <param name="Warnings">What works but should be seen to.</param>
public sealed record ConfTreeResult(
    DaemonSettings? Daemon,
    IReadOnlyList<InstanceSettings> Instances,
    IReadOnlyList<ConfError> Errors,
    IReadOnlyList<ConfError> Warnings);
