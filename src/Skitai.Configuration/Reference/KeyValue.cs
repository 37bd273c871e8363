namespace Skitai.Configuration.Reference;

/// <summary>A key of a conf and the value it has, as a person would write it.</summary>
/// <param name="Key">The key's name.</param>
/// <param name="Value">Its value; empty = not set.</param>
/// <param name="Default">What it has when the conf says nothing; empty = not set.</param>
/// <param name="Doc">What it does, as the reference has it.</param>
public sealed record KeyValue(string Key, string Value, string Default, string Doc)
{
    /// <summary>What a value of 0 means, <c>no limit</c> for instance; null = 0 has no meaning of its own.</summary>
    public string? ZeroMeans { get; init; }

    /// <summary>Whether the value is the default.</summary>
    public bool IsDefault => Value == Default;
}
