namespace Skitai.Configuration.Keys;

/// <summary>A type of value: how it is called, what it allows, how it is read and written.</summary>
/// <param name="Name">What a person calls it, with its range: <c>port (1 to 65535)</c>.</param>
/// <param name="Read">Reads one. Never throws. The text is never empty: an empty value means the key's default.</param>
/// <param name="Write">Gives a value's text, for the reference table.</param>
internal sealed record ValueKind<T>(string Name, Func<ConfText, ReadContext, Reading<T>> Read, Func<T, string> Write)
{
    /// <summary>What zero means, <c>no limit</c> for instance; null = it has no meaning of its own.</summary>
    public string? ZeroMeans { get; init; }

    /// <summary>The sentence that says so behind a key's text, when zero is one of the range and the name does not say it.</summary>
    public string ZeroNote { get; init; } = "";
}
