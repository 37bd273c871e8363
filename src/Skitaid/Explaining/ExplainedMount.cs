namespace Skitaid.Explaining;

/// <summary>What one mount has to do with a request.</summary>
/// <param name="Path">Where it is mounted.</param>
/// <param name="Target">What is mounted.</param>
/// <param name="Line">The line in the conf.</param>
/// <param name="Covers">Whether the request's path is its path or below that.</param>
/// <param name="Asked">Whether it is asked.</param>
/// <param name="Why">What it makes of the request, or why it is not asked.</param>
internal sealed record ExplainedMount(string Path, string Target, int Line, bool Covers, bool Asked, string Why);
