namespace Skitai.Configuration.Grammar;

/// <summary>A <c>key = value</c> line of a section.</summary>
/// <param name="Line">Its line, from 1.</param>
/// <param name="Key">What stands before the first <c>=</c>.</param>
/// <param name="Value">What stands after it, as written: nothing is substituted yet.</param>
internal sealed record ConfEntry(int Line, string Key, string Value);
