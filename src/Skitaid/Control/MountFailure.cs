namespace Skitaid.Control;

/// <summary>A mount that cannot serve.</summary>
/// <param name="Mount">Its name: the path, with the host in front where it is not the default one.</param>
/// <param name="Error">Why, in one line.</param>
internal sealed record MountFailure(string Mount, string Error);
