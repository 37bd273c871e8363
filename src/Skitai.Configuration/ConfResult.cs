namespace Skitai.Configuration;

/// <summary>What reading a conf gave: settings, or every error in it.</summary>
/// <typeparam name="T">The settings record.</typeparam>
/// <param name="Settings">Null when there is any error: a broken conf never half-works.</param>
/// <param name="Errors">All of them, in line order; empty when <paramref name="Settings"/> is there.</param>
public sealed record ConfResult<T>(T? Settings, IReadOnlyList<ConfError> Errors)
    where T : class
{
    /// <summary>What works but should be seen to (an expired certificate), in line order.</summary>
    public IReadOnlyList<ConfError> Warnings { get; init; } = [];
}
