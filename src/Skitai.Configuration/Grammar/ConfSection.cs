namespace Skitai.Configuration.Grammar;

/// <summary>A section of a conf as it was written.</summary>
/// <param name="Name">Without brackets and without <c>:line</c>; an alias is already replaced by the proper name.</param>
/// <param name="Line">The line of its header.</param>
/// <param name="KeepsLines">Written as <c>[name:line]</c>.</param>
internal sealed record ConfSection(string Name, int Line, bool KeepsLines)
{
    /// <summary>The entries of a <c>[name]</c> section, in file order, each key once.</summary>
    public List<ConfEntry> Entries { get; } = [];

    /// <summary>The lines of a <c>[name:line]</c> section, in file order.</summary>
    public List<ConfLine> Lines { get; } = [];
}
