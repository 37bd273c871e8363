using Skitai.Configuration.Grammar;

namespace Skitai.Configuration.Keys;

/// <summary>
/// The one declaration of a key: parsing, checks, error texts and the reference table all come from here.
/// </summary>
/// <param name="name">As it is written in a conf.</param>
/// <param name="doc">One line for the reference table.</param>
internal abstract class Key(string name, string doc)
{
    public string Name { get; } = name;

    /// <summary>What it does, with its unit and what zero means.</summary>
    public string Doc { get; } = doc;

    /// <summary>Type and range, for the reference table.</summary>
    public abstract string Kind { get; }

    /// <summary>The default as it would be written; empty = not set.</summary>
    public abstract string Default { get; }

    /// <summary>The value must not appear in messages.</summary>
    public bool Secret { get; init; }

    /// <summary>The feature this key switches on or tunes when it is not in this version yet; null = it works.</summary>
    public Feature? Later { get; init; }

    /// <summary>Checks a value without keeping it: for keys whose feature comes later.</summary>
    public abstract void Check(ConfEntry? entry, string section, ReadContext context);
}
