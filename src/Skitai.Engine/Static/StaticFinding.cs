namespace Skitai.Engine.Static;

/// <summary>What a static mount finds for a path, for a person.</summary>
/// <param name="Path">The file; of a miss where it was looked for, as far as the path names a place at all.</param>
/// <param name="Miss">Why there is nothing; <see cref="StaticMiss.None"/> when there is something.</param>
public sealed record StaticFinding(string Path, StaticMiss Miss)
{
    /// <summary>Bytes of the file; null = no file is served.</summary>
    public long? Size { get; init; }

    /// <summary>Its media type; null = no file is served.</summary>
    public string? ContentType { get; init; }

    /// <summary>The precompressed siblings that are there.</summary>
    public IReadOnlyList<StaticSibling> Siblings { get; init; } = [];

    /// <summary>What the system says about a file that cannot be read; null = nothing.</summary>
    public string? Problem { get; init; }
}
