using Skitai.Configuration.Grammar;

namespace Skitai.Configuration.Keys;

/// <summary>A value on its way to its type: what was written and what it means after substitution.</summary>
/// <param name="Written">As it stands in the file; this is what messages show, so a variable's value never ends in one.</param>
/// <param name="Text">With variables replaced.</param>
/// <param name="Secret">Even what was written must not be shown.</param>
internal readonly record struct ConfText(string Written, string Text, bool Secret)
{
    /// <summary>How a message names this value.</summary>
    public string Shown => Secret ? "the value" : ErrorList.Quote(Written);
}
