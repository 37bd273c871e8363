namespace Skitai.Configuration.Settings;

/// <summary>One <c>PATH = TARGET</c> line.</summary>
/// <param name="Path">Begins with <c>/</c> and has no trailing slash, but for the root: <c>/</c>.</param>
/// <param name="Target">What is mounted there.</param>
/// <param name="Line">The line in the conf file, from 1, for messages.</param>
public sealed record MountSettings(string Path, MountTarget Target, int Line);
