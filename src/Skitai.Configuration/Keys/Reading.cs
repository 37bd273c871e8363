namespace Skitai.Configuration.Keys;

/// <summary>What reading a value gave.</summary>
/// <param name="Value">Only to be used when there is no problem.</param>
/// <param name="Problem">What is wrong, as the end of a message that begins with section and key; null when nothing is.</param>
internal readonly record struct Reading<T>(T Value, string? Problem)
{
    public static Reading<T> Of(T value) => new(value, null);

    public static Reading<T> Wrong(string problem) => new(default!, problem);
}
