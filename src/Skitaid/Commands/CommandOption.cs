namespace Skitaid.Commands;

/// <summary>An option of the command line.</summary>
/// <param name="Name">The long form.</param>
/// <param name="Short">The short form; null = none.</param>
/// <param name="ValueName">What its value is called in messages; null = it takes none.</param>
/// <param name="Commands">The commands it belongs to; none = all.</param>
internal sealed record CommandOption(string Name, string? Short, string? ValueName, params string[] Commands)
{
    /// <summary>Whether it takes a value.</summary>
    public bool TakesValue => ValueName is not null;
}
