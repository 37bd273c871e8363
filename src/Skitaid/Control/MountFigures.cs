namespace Skitaid.Control;

/// <summary>What a running instance says about one mount.</summary>
/// <param name="Mount">Its name: the path, with the host in front where it is not the default one.</param>
/// <param name="Kind"><c>app</c>, <c>static</c> or <c>cluster</c>.</param>
/// <param name="Target">What it points at.</param>
/// <param name="State"><c>serving</c> or <c>failed</c>.</param>
/// <param name="Problem">Why it cannot serve; null = it can.</param>
/// <param name="Waiting">Requests that wait for a worker.</param>
internal sealed record MountFigures(string Mount, string Kind, string Target, string State, string? Problem, int Waiting);
