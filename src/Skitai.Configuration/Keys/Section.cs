namespace Skitai.Configuration.Keys;

/// <summary>The one declaration of a section.</summary>
/// <param name="Name">Without brackets; <c>@name</c> stands for every cluster.</param>
/// <param name="Doc">What it is for, for the reference.</param>
/// <param name="Keys">Its keys in the order of the reference; null when it keeps lines or takes any name.</param>
internal sealed record Section(string Name, string Doc, IReadOnlyList<Key>? Keys)
{
    /// <summary>Written as <c>[name:line]</c>.</summary>
    public bool KeepsLines { get; init; }

    /// <summary>Another spelling of the name, or null.</summary>
    public string? Alias { get; init; }

    /// <summary>The feature that the section as a whole asks for when it is not in this version yet; null = it works.</summary>
    public Feature? Later { get; init; }

    /// <summary>The header as it is written.</summary>
    public string Header => KeepsLines ? $"[{Name}:line]" : $"[{Name}]";
}
