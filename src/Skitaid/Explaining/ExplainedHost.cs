namespace Skitaid.Explaining;

/// <summary>The virtual host that takes a name.</summary>
/// <param name="Names">Its line, as in the conf; empty for the default host above the first.</param>
/// <param name="Line">The line in the conf; 0 = it has none.</param>
/// <param name="Why">Why it is this one.</param>
internal sealed record ExplainedHost(string Names, int Line, string Why);
