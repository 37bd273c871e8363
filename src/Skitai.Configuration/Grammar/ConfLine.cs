namespace Skitai.Configuration.Grammar;

/// <summary>A line of a <c>[name:line]</c> section, as it is.</summary>
/// <param name="Line">Its line, from 1.</param>
/// <param name="Text">Without blanks at its ends; never empty, never a comment.</param>
internal sealed record ConfLine(int Line, string Text);
